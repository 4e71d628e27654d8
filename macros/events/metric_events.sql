{% macro metric_events(snapshot, legacy_table, entity_type, entity_id, metrics) %}
    {{
        config(
            materialized='table',
            engine='MergeTree()',
            order_by='(entityType, entityId, createdAt)',
            partition_by='toYYYYMM(createdAt)',
            query_settings={'max_insert_threads': 2, 'min_insert_block_size_rows': 786432},
            pre_hook='{{ assert_int32() }}',
            post_hook='{{ publish_slice() }}',
            meta={
                'snapshot': snapshot,
                'legacy_table': legacy_table,
                'entity_type': entity_type,
                'entity_id': entity_id,
                'metrics': metrics,
                'slice': {
                    'label': legacy_table,
                    'counted_from': 'metric_tables',
                    'metrics': {entity_type: metrics.values() | list}
                }
            }
        )
    }}
    {#- Columns are qualified: ClickHouse would take a bare userId for the alias of the constant above it. -#}
    {%- for legacy_column, metric_type in metrics.items() %}
        select
            toLowCardinality('{{ entity_type }}') as entityType,
            accurateCast(legacy.{{ entity_id }}, 'Int32') as entityId,
            toInt32({{ slice_user_id() }}) as userId,
            toLowCardinality('{{ metric_type }}') as metricType,
            accurateCast(assumeNotNull(legacy.{{ legacy_column }}), 'Int32') as metricValue,
            toDateTime(toUnixTimestamp('{{ backfill_date() }} 00:00:00', 'UTC')) as createdAt,
            toUInt8({{ slice_version('metric_tables') }}) as version
        from {{ ref(snapshot) }} as legacy
        where legacy.{{ legacy_column }} {{ 'is not null' if var('include_zero_values') else '!= 0' }}
        {%- if not loop.last %}

        union all
        {% endif %}
    {%- endfor %}
{% endmacro %}
