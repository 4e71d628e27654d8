{% macro source_events(rows, source_table, events, actor='userId', at='createdAt') %}
    {%- set metrics, entity_types, metric_types = {}, [], [] -%}
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
        {%- set condition = [event.entity_id ~ ' is not null'] -%}
        {%- do condition.append(event.where) if event.where -%}
        {%- do condition.append(event.metric_type_column ~ ' in (' ~ literals ~ ')') if event.metric_type_column -%}
        {%- do condition.append(event.value ~ ' != 0') if event.value and not var('include_zero_values') -%}
        {%- do conditions.append(condition | join(' and ')) -%}
    {%- endfor -%}
    {{
        config(
            materialized='view',
            query_settings={
                'join_algorithm': 'grace_hash',
                'max_bytes_in_join': 268435456,
                'date_time_overflow_behavior': 'throw'
            },
            pre_hook='{{ assert_sources_fit() }}',
            post_hook='{{ publish_slice() }}',
            meta={'slice': {'label': source_table, 'counted_from': 'source_events', 'metrics': metrics}}
        )
    }}
    {#- Names are looked up by a number of low cardinality: once in a block, not once in a row. -#}
    {%- set looked_up = {} -%}
    {%- for name, names in {'entity_type': entity_types, 'metric_type': metric_types}.items() -%}
        {%- set literals = "'" ~ names | join("', '") ~ "'" -%}
        {%- do looked_up.update({
            name: '[' ~ literals ~ '][toLowCardinality(metric)]' if names | unique | list | length > 1 else "'" ~ names[0] ~ "'"
        }) -%}
    {%- endfor -%}
    {%- set types_spelled = events | selectattr('entity_type_column', 'defined') | list -%}
    {%- set unused = ([] if metric_types | length > 1 else ['metric']) + ([] if types_spelled else ['entity_type']) -%}
    {#- What is alike for all kinds of events is said once; the rest are arrays with an element for each kind. -#}
    {%- set arrays = [] -%}
    select
        toLowCardinality({{ 'entity_type' if types_spelled else looked_up.entity_type }}) as entityType,
        entity_id as entityId,
        actor_id as userId,
        toLowCardinality({{ looked_up.metric_type }}) as metricType,
        metric_value as metricValue,
        toDateTime(source_time) as createdAt,
        toUInt8({{ slice_version('source_events') }}) as version,
        source_time as sourceTime
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
            accurateCast(ifNull({{ actor }}, 0), 'Int32') as actor_id
        from {{ rows }}
        {%- if arrays %}
        array join
            {{ arrays | join(',\n            ') }}
        {%- endif %}
        where is_event
    )
{% endmacro %}
