{% macro create_event_table(event_table, is_slice=false) %}
    {%- set cluster = adapter.get_clickhouse_cluster_name() -%}
    {% call statement('create_event_table') %}
        create table if not exists {{ event_table }} {{ 'on cluster ' ~ cluster if cluster }} (
            entityType LowCardinality(String),
            entityId Int32,
            userId Int32,
            metricType LowCardinality(String),
            metricValue Int32,
            createdAt DateTime,
            version UInt8 default 2
        )
        engine = {{ 'ReplicatedMergeTree' if cluster and not is_slice else 'MergeTree' }}
        partition by toYYYYMM(createdAt)
        order by (entityType, entityId, createdAt)
    {% endcall %}
{% endmacro %}
