{% macro source_events(rows, source_table, events, actor='userId', at='createdAt') %}
    {%- set metrics = {} -%}
    {%- for event in events -%}
        {%- set names = [event.metric_type] if event.metric_type is string else event.metric_type -%}
        {%- do metrics.update({event.entity_type: metrics.get(event.entity_type, []) + names}) -%}
    {%- endfor -%}
    {{
        config(
            materialized='table',
            engine='MergeTree()',
            order_by='(entityType, entityId, createdAt)',
            partition_by='toYYYYMM(createdAt)',
            query_settings={
                'max_insert_threads': 2,
                'max_partitions_per_insert_block': 0,
                'join_algorithm': 'grace_hash',
                'max_bytes_in_join': 268435456,
                'date_time_overflow_behavior': 'throw'
            },
            pre_hook='{{ assert_sources_fit() }}',
            post_hook='{{ publish_slice() }}',
            meta={'slice': {'label': source_table, 'counted_from': 'source_events', 'metrics': metrics}}
        )
    }}
    select
        entity_type as entityType,
        entity_id as entityId,
        actor_id as userId,
        metric_type as metricType,
        metric_value as metricValue,
        toDateTime(event_time) as createdAt,
        toUInt8({{ slice_version('source_events') }}) as version
    from (
        {%- for event in events %}
            select
                {% if event.entity_type_column %}
                    toLowCardinality({{ event.entity_type_column }}) as entity_type,
                {% else %}
                    toLowCardinality('{{ event.entity_type }}') as entity_type,
                {% endif %}
                accurateCast(assumeNotNull({{ event.entity_id }}), 'Int32') as entity_id,
                accurateCast(ifNull({{ actor }}, 0), 'Int32') as actor_id,
                {% if event.metric_type_column %}
                    toLowCardinality({{ event.metric_type_column }}) as metric_type,
                {% else %}
                    toLowCardinality('{{ event.metric_type }}') as metric_type,
                {% endif %}
                accurateCast({{ event.value or 1 }}, 'Int32') as metric_value,
                {{ event.at or at }} as event_time
            from {{ rows }}
            where
                {{ event.entity_id }} is not null
                {% if event.where %}
                    and {{ event.where }}
                {% endif %}
                {% if event.metric_type_column %}
                    and {{ event.metric_type_column }} in ('{{ event.metric_type | join("', '") }}')
                {% endif %}
                {% if event.value and not var('include_zero_values') %}
                    and {{ event.value }} != 0
                {% endif %}
            {% if not loop.last %}
                union all
            {% endif %}
        {%- endfor %}
    )
    where {{ time_filter() }}
{% endmacro %}
