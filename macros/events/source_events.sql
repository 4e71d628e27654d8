{#- Event models of the source tables: one pass over joined rows, an event for each thing that a row stands for. -#}

{% macro source_events(rows, source_table, events, actor='userId', at='createdAt') %}
    {#- So that dbt selects the tests which compare with the registry wherever it selects the model. Unit tests have none. -#}
    {%- if not execute -%}{%- do ref('metrics') -%}{%- endif -%}
    {%- set metrics, entity_types, metric_types, arrays = {}, [], [], [] -%}
    {%- set numbers, spelled_types, entity_ids, values, times, conditions = [], [], [], [], [], [] -%}
    {%- for event in events -%}
        {%- set names = [event.metric_type] if event.metric_type is string else event.metric_type -%}
        {%- do metrics.update({event.entity_type: metrics.get(event.entity_type, []) + names}) -%}
        {%- set listed = range(metric_types | length + 1, metric_types | length + names | length + 1) | list -%}
        {%- do entity_types.extend([event.entity_type] * names | length) -%}
        {%- do metric_types.extend(names) -%}
        {%- set literals = "'" ~ names | join("', '") ~ "'" -%}
        {%- do numbers.append(
            'transform(' ~ event.metric_type_column ~ ', [' ~ literals ~ '], ' ~ listed ~ ', 0)' if event.metric_type_column
            else listed[0]
        ) -%}
        {%- do spelled_types.append(event.entity_type_column or "'" ~ event.entity_type ~ "'") -%}
        {%- do entity_ids.append('accurateCast(ifNull(' ~ event.entity_id ~ ", 0), 'Int32')") -%}
        {%- do values.append('accurateCast(ifNull(' ~ event.value ~ ", 0), 'Int32')" if event.value else 'toInt32(1)') -%}
        {%- do times.append('toDateTime64(' ~ (event.at or at) ~ ", 3, 'UTC')") -%}
        {%- do conditions.append(is_event(event, literals)) -%}
    {%- endfor -%}
    {%- set follows = var('publish_strategy') == 'append' -%}
    {#- Followed, the view also has the ids of its source row: see branches_of_touched. No contract knows these columns. -#}
    {%- set is_view = config.get('materialized') == 'view' if execute else follows -%}
    {%- set row_entities = ids_of_row(entity_ids) if is_view else {} -%}
    {{ config(contract={'enforced': false}) if row_entities }}
    {{
        config(
            materialized='view' if follows else 'table',
            engine='MergeTree()',
            order_by='(entityType, entityId, createdAt)',
            partition_by='toYYYYMM(createdAt)',
            query_settings={
                'join_algorithm': 'grace_hash',
                'max_bytes_in_join': 536870912 if follows else 268435456,
                'date_time_overflow_behavior': 'throw',
                'max_insert_threads': 2,
                'max_partitions_per_insert_block': 0
            },
            pre_hook='{{ assert_sources_fit() }}',
            meta={'events': {'label': source_table, 'job': 'source_events', 'metrics': metrics}}
        )
    }}
    {%- set types_spelled = events | selectattr('entity_type_column', 'defined') | list -%}
    {%- set unused = ([] if metric_types | length > 1 else ['metric']) + ([] if types_spelled else ['entity_type']) -%}
    {#- What is alike for all kinds of events is said once; the rest are arrays with an element for each kind. -#}
    select
        toLowCardinality({{ 'entity_type' if types_spelled else name_by_number(entity_types) }}) as entityType,
        entity_id as entityId,
        actor_id as userId,
        toLowCardinality({{ name_by_number(metric_types) }}) as metricType,
        metric_value as metricValue,
        toDateTime(toUnixTimestamp(toDateTime(source_time))) as createdAt,
        toUInt8({{ before_cutoff('source_time') }}) as version
        {%- for name in row_entities %}, {{ name }}{% endfor %}
    from (
        select
            {%- for name, elements in [
                ('metric', numbers), ('entity_type', spelled_types), ('entity_id', entity_ids), ('metric_value', values),
                ('source_time', times), ('is_event', conditions)
            ] if name not in unused %}
            {%- if elements | unique | list | length == 1 %}
            {{ elements[0] }} as {{ name }},
            {%- else %}
            {%- do arrays.append('[\n                ' ~ elements | join(',\n                ') ~ '\n            ] as ' ~ name) %}
            {{ name }},
            {%- endif %}
            {%- endfor %}
            {%- for name, entity_id in row_entities.items() %}
            {{ entity_id }} as {{ name }},
            {%- endfor %}
            accurateCast(ifNull({{ actor }}, 0), 'Int32') as actor_id
        from {{ rows }}
        {%- if arrays %}
        array join
            {{ arrays | join(',\n            ') }}
        {%- endif %}
        where is_event
    )
{% endmacro %}

{% macro is_event(event, literals) %}
    {%- set conditions = [event.entity_id ~ ' is not null'] -%}
    {%- do conditions.append(event.where) if event.where -%}
    {%- do conditions.append(event.metric_type_column ~ ' in (' ~ literals ~ ')') if event.metric_type_column -%}
    {%- do conditions.append(event.value ~ ' != 0') if event.value and not var('include_zero_values') -%}
    {{ return(conditions | join(' and ')) }}
{% endmacro %}

{% macro ids_of_row(entity_ids) %}
    {#- Column names and expressions. One id needs none: a filter by it reaches the rows as it is. -#}
    {%- set ids = {} -%}
    {%- for entity_id in entity_ids | unique if entity_ids | unique | list | length > 1 -%}
        {%- do ids.update({'row_entity_' ~ loop.index: entity_id}) -%}
    {%- endfor -%}
    {{ return(ids) }}
{% endmacro %}

{% macro name_by_number(names) %}
    {#- By a number of low cardinality: looked up once in a block, not once in a row. -#}
    {%- set literals = "'" ~ names | join("', '") ~ "'" -%}
    {{ return('[' ~ literals ~ '][toLowCardinality(metric)]' if names | unique | list | length > 1 else "'" ~ names[0] ~ "'") }}
{% endmacro %}

{% macro before_cutoff(time) %}
    {#- The version of a source event: 1, or 0 for what the cutoff keeps from being published. -#}
    {%- if var('source_events_cutoff') is none -%}{{ return('1') }}{%- endif -%}
    {{- return(time ~ " < toDateTime64('" ~ utc_time('source_events_cutoff') ~ "', 3, 'UTC')") -}}
{% endmacro %}

{% macro assert_sources_fit() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set sources = [] -%}
    {%- for unique_id in model.depends_on.nodes -%}
        {%- set node = graph.nodes.get(unique_id) or graph.sources.get(unique_id) -%}
        {%- if node.resource_type == 'source' or node.config.materialized == 'pull' -%}
            {%- set relation = api.Relation.create(schema=node.schema, identifier=node.get('alias') or node.identifier) -%}
            {%- do sources.append((node, relation)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set relations = sources | map('last') | list -%}
    {%- set found = run_query(
        "select database, table, name, type from system.columns where database in ('"
        ~ relations | map(attribute='schema') | unique | join("', '")
        ~ "') and table in ('" ~ relations | map(attribute='identifier') | join("', '") ~ "') order by position"
    ).rows -%}
    {%- for node, relation in sources -%}
        {%- set columns = found | selectattr('database', 'equalto', relation.schema)
            | selectattr('table', 'equalto', relation.identifier) | list -%}
        {%- if not columns -%}
            {%- set remedy = 'check the vars events_database and orchestration_database' if node.resource_type == 'source'
                else 'pull it first, or with the package by `--select +' ~ model.name ~ '`' -%}
            {{ exceptions.raise_compiler_error('The target has no table ' ~ relation ~ ': ' ~ remedy ~ '.') }}
        {%- endif -%}
        {%- set checks = [] -%}
        {%- for column in columns if column.name in node.columns or node.resource_type == 'model' -%}
            {%- set type = column.type | replace('Nullable(', '') | replace(')', '') -%}
            {%- set misfits = none if column.name.startswith('_')
                else no_event_time(column.name) if type.startswith('DateTime64')
                else no_int32(column.name, type) if modules.re.match('U?Int|Float|Decimal', type) -%}
            {%- if misfits -%}
                {%- do checks.append(
                    "select '" ~ column.name ~ "' as name, toString(" ~ adapter.quote(column.name) ~ ") as value from " ~ relation
                    ~ ' where ' ~ misfits
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set misfits = run_query(
            "select name || ' ' || value as misfit, count() over () as misfits from (" ~ checks | join(' union all ')
            ~ ') order by misfit limit 1'
        ) if checks else [] -%}
        {%- if misfits | length -%}
            {{ exceptions.raise_compiler_error(
                "In " ~ relation ~ " " ~ misfits[0]['misfit'] ~ " does not fit the event table, whose numbers are Int32 and whose times are"
                ~ " from 1970 to 2105 (" ~ misfits[0]['misfits'] ~ " such): correct the source; nothing was published."
            ) }}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{% macro no_event_time(column) %}
    {{ return('not ' ~ adapter.quote(column) ~ " between toDateTime64('1970-01-01 00:00:00', 6, 'UTC')"
        ~ " and toDateTime64('2105-12-31 23:59:59.999999', 6, 'UTC')") }}
{% endmacro %}

{% macro known_time(time, otherwise) %}
    {{- return(
        'coalesce(' ~ time ~ ', ' ~ otherwise ~ ", toDateTime64('" ~ utc_time('unknown_time') ~ "', 6, 'UTC'))"
    ) -}}
{% endmacro %}

{% macro reactions() %}{{ return(['Like', 'Dislike', 'Laugh', 'Cry', 'Heart']) }}{% endmacro %}
