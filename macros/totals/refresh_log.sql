{#- What each refresh of the totals did, kept: a row for each one that found something changed. -#}

{% macro refresh_log() %}
    {#- Returns the table, which is made where it is missing. -#}
    {%- set log_table = api.Relation.create(schema=ref('built_days').schema, identifier='refresh_log', type='table',
        can_on_cluster=adapter.get_clickhouse_cluster_name() is not none) -%}
    {% call statement('create_refresh_log') %}
        create table if not exists {{ log_table }} {{ on_cluster_clause(log_table) }} (
            run_id String comment 'dbt''s invocation id',
            refreshed_at DateTime64(6, 'UTC') comment 'counted_at of what was counted anew',
            months Array(UInt32) comment 'Months that were counted anew, such as 202501',
            entities UInt64 comment 'Entities whose totals were counted anew'
        )
        engine = {{ 'ReplicatedMergeTree' if adapter.get_clickhouse_cluster_name() else 'MergeTree' }}
        order by refreshed_at
        ttl toDateTime(refreshed_at) + interval 90 day
    {% endcall %}
    {{ return(log_table) }}
{% endmacro %}

{% macro log_refresh(months) %}
    {%- set log_table = refresh_log() -%}
    {%- set counted = touched_entities() if is_incremental() else this -%}
    {% call statement('log_refresh') %}
        insert into {{ log_table }} (run_id, refreshed_at, months, entities)
        select
            '{{ invocation_id }}',
            (select max(counted_at) from {{ this }}),
            {{ months }},
            count()
        from {{ counted }}
    {% endcall %}
{% endmacro %}
