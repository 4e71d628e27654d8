{#- What dbt-clickhouse's snapshot needs around it, and what replaces it where it has not run. -#}

{#-
    dbt-clickhouse makes the new snapshot in a table beside it, `if not exists`, and swaps the two. After a kill that table still
    holds rows, old or half of the new ones, to which the next run would add all of them once more.
-#}
{% macro drop_unfinished_snapshot() %}
    {%- set unfinished = this.derivative('__snapshot_upsert') -%}
    drop table if exists {{ unfinished }} {{ on_cluster_clause(unfinished) }} sync
{% endmacro %}

{#- `dbt run` runs no snapshot, and the target may never have had one. dbt takes the empty table for a snapshot of nothing. -#}
{% macro create_missing_snapshot() %}
    {%- set history = ref('brand_competitors_history') -%}
    create table if not exists {{ history }} {{ on_cluster_clause(history) }}
    engine = MergeTree() order by tuple()
    empty as select
        *,
        halfMD5('') as dbt_scd_id,
        now() as dbt_updated_at,
        now() as dbt_valid_from,
        nullIf(now(), now()) as dbt_valid_to
    from {{ ref('stg_brand_competitors') }}
{% endmacro %}
