{#- What the audit compares, and by which names. -#}

{% macro audited_sources(ask_postgres=false) %}
    {#- Of each metric table and package: what the audit has to know of it, as it is on the target now. -#}
    {%- set database = ref('metrics').schema -%}
    {%- set built = {} -%}
    {%- for row in run_query("select name, total_rows from system.tables where database = '" ~ database ~ "'").rows -%}
        {%- do built.update({row['name']: row['total_rows']}) -%}
    {%- endfor -%}
    {%- set appended = run_query(
        'select model from ' ~ database ~ ".publish_log group by model having argMax(strategy, published_at) = 'append'"
    ).rows | map(attribute='model') | list if 'publish_log' in built else [] -%}
    {%- set sources = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.events -%}
        {%- set meta = node.config.meta -%}
        {%- set of_table = meta.events.job == 'metric_tables' -%}
        {%- set published = node.name[:-7] ~ ('s' if of_table else '') -%}
        {%- set read = meta.snapshot if of_table else node.name -%}
        {%- set live = legacy_relation(meta.legacy_table) if of_table and ask_postgres and read in built -%}
        {%- set columns = source_columns(live) | map(attribute='name') | list if live else [] -%}
        {%- do sources.append({
            'name': meta.legacy_table if of_table else published,
            'job': meta.events.job,
            'entity_type': meta.entity_type,
            'key': meta.entity_id,
            'relation': api.Relation.create(schema=database, identifier=read, type='table'),
            'node': graph.nodes['model.' ~ project_name ~ '.' ~ read],
            'is_built': read in built,
            'has_rows': built.get(read, 0) | int > 0,
            'takes_all': published in appended and live_versions() != '',
            'live': live if columns,
            'has_time': 'updatedAt' in columns
        }) -%}
    {%- endfor -%}
    {{ return(sources | sort(attribute='name')) }}
{% endmacro %}

{% macro names_of(sources, attribute) -%}
    {#- A list for SQL: of the sources that have this. -#}
    '{{ sources | selectattr(attribute) | map(attribute='name') | join("', '") }}'
{%- endmacro %}

{% macro in_sample(entity_id) -%}
    {#- A condition: the entity is of the share that the var `audit_share` names, by a hash of its id. -#}
    {%- if var('audit_share') | float < 1 -%}
        cityHash64(toInt64({{ entity_id }})) % 1000000 < {{ (1000000 * (var('audit_share') | float)) | round | int }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro audit_names() -%}
    {#- The registry once for each name that events or the audit give a quantity. -#}
    (
        select
            entity_type,
            quantity,
            arrayJoin(arrayDistinct(arrayFilter(given -> given != '', [quantity, legacy_metric, source_metric]))) as name
        from {{ ref('metrics') }}
    )
{%- endmacro %}

{% macro named_cells(columns) -%}
    {#- An array of (quantity, count), from a row of a metric table; a column that it lacks counts as zero. -#}
    arrayZip(
        ['{{ columns | map(attribute='quantity') | join("', '") }}'],
        [{% for column in columns %}toInt64(ifNull({{ column['legacy_column'] }}, 0)){{ ', ' if not loop.last }}{% endfor %}]
    )
{%- endmacro %}

{% macro event_writer() -%}
    {#- Whose an event is, as slices have it. -#}
    multiIf(
        {{ written_by('metric_tables') }}, 'metric_tables',
        {{ written_by('source_events') }}, 'source_events',
        version in ({{ live_versions() or '256' }}), 'live',
        'others'
    )
{%- endmacro %}
