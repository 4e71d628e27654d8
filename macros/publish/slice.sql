{#- A slice: what a publish node owns in the event table, and what of it counts. -#}

{% macro slice_of(events_node, name) %}
    {%- set events = events_node.config.meta.events -%}
    {%- set other = {'metric_tables': 'source_events', 'source_events': 'metric_tables'}[events.job] -%}
    {%- set name_of = {'metric_tables': 'legacy_metric', 'source_events': 'source_metric'} -%}
    {% do assert_registry_loaded() %}
    {%- set quantities = run_query(slice_quantities(events, name, name_of[events.job], name_of[other])).rows -%}
    {% for row in quantities if row['known_as'] is none or row['package'] not in ['', name] and events.job == 'source_events' %}
        {{ exceptions.raise_compiler_error(
            events_node.name ~ " maps " ~ row['metric_type'] ~ " of " ~ row['entity_type'] ~ ", which seeds/metrics.csv "
            ~ ("does not have: add its row" if row['known_as'] is none else "gives to the package " ~ row['package']
            ~ ": change one of the two") ~ ", and run `dbt seed`. Nothing was published."
        ) }}
    {% endfor %}
    {%- set here = quantities | selectattr('job', 'equalto', events.job) | list -%}
    {%- set foreign = here | selectattr('counterpart') | list -%}
    {%- set left_out = quantities | rejectattr('job', 'equalto', events.job) | map(attribute='known_as') | list -%}
    {%- set model_versions = {'metric_tables': written_by(events.job), 'source_events': 'version in (0, 1)'} -%}
    {#- A model has nothing but what it maps, unless rows spell their entity type. -#}
    {%- set of_model = any_of(here) if left_out or '*' in events.metrics else 'true' -%}
    {{ return({
        'label': events.label,
        'job': events.job,
        'other': other,
        'own': written_by(events.job) ~ ' and ' ~ any_of(quantities),
        'counted': written_by(events.job) ~ ' and ' ~ any_of(here),
        'foreign': written_by(other) ~ ' and ' ~ any_of(foreign, 'counterpart') if foreign else none,
        'version': {'metric_tables': 3, 'source_events': 1}[events.job],
        'counted_by_model': written_by(events.job) ~ ' and ' ~ of_model,
        'known_to_model': model_versions[events.job] ~ ' and ' ~ of_model,
        'any_name': '(' ~ [any_of(here), any_of(here, 'quantity'), any_of(foreign, 'counterpart')] | join(' or ') ~ ')',
        'own_name': own_names(here),
        'left_out': left_out
    }) }}
{% endmacro %}

{% macro slice_quantities(events, name, own_name, other_name) %}
    {#- The pairs that the event model maps, each with its rows of the registry: `*` has one for every entity type. -#}
    {%- set pairs = [] -%}
    {%- for entity_type, metric_types in events.metrics.items() -%}
        {%- for metric_type in metric_types -%}
            {%- do pairs.append("('" ~ entity_type ~ "', '" ~ metric_type ~ "')") -%}
        {%- endfor -%}
    {%- endfor -%}
    with registry as {{ registry() }},

    named as (
        select {{ own_name }} as own_name, groupUniqArray(entity_type) as entity_types
        from registry
        where entity_type != '*'
        group by own_name
    ),

    mapped as (
        select distinct
            pair.1 as mapped_type,
            pair.2 as metric_type
        from (select arrayJoin([{{ pairs | join(', ') }}]) as pair)
    )

    select
        coalesce(r.entity_type, mapped_type) as entity_type,
        mapped.metric_type as metric_type,
        r.entity_type || '.' || r.quantity as known_as,
        coalesce(r.quantity, '') as quantity,
        coalesce(r.package, '') as package,
        r.job as job,
        if(
            r.entity_type = '*',
            'entityType not in (''' || arrayStringConcat(named.entity_types, ''', ''') || ''')',
            'entityType = ''' || r.entity_type || ''''
        ) as types,
        coalesce(r.{{ other_name }}, '') as counterpart
    from mapped
    left join registry as r
        on mapped.metric_type = r.{{ own_name }}
        and (
            mapped.mapped_type = r.entity_type
            or (
                mapped.mapped_type = '*'
                and r.package = '{{ name }}'
                and r.entity_type not in ('{{ events.metrics | join("', '") }}')
            )
        )
    left join named on mapped.metric_type = named.own_name
    order by entity_type, metric_type
    settings join_use_nulls = 1
{% endmacro %}

{% macro written_by(job) %}
    {#- The rows that a job writes. The live site writes version 2 and, later, 3, under users of its own. -#}
    {{- return({'metric_tables': 'version = 3 and userId = -1', 'source_events': 'version = 1'}[job]) -}}
{% endmacro %}

{% macro any_of(quantities, name='metric_type') %}
    {%- set names = {} -%}
    {%- for row in quantities -%}{%- do names.setdefault(row['types'], []).append(row[name]) -%}{%- endfor -%}
    {%- set conditions = [] -%}
    {%- for types, metric_types in names.items() -%}
        {%- do conditions.append(types ~ " and metricType in ('" ~ metric_types | join("', '") ~ "')") -%}
    {%- endfor -%}
    {{- return('(' ~ (conditions | join(' or ') or 'false') ~ ')') -}}
{% endmacro %}

{% macro own_names(quantities) %}
    {#- An expression: the metric type under the name that the slice has for its quantity. -#}
    {%- set cases = [] -%}
    {%- for row in quantities -%}
        {%- for name in [row['quantity'], row['counterpart']] | unique if name not in ['', row['metric_type']] -%}
            {%- do cases.append(row['types'] ~ " and metricType = '" ~ name ~ "', '" ~ row['metric_type'] ~ "'") -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return('multiIf(' ~ cases | join(', ') ~ ', metricType)' if cases else 'metricType') -}}
{% endmacro %}
