{% macro clickhouse__list_relations_without_caching(schema_relation) %}
    {%- set cluster = adapter.get_clickhouse_cluster_name() -%}
    {%- set query -%}
        select
            t.name as name,
            t.database as schema,
            multiIf(
                t.engine = 'MaterializedView', 'materialized_view', t.engine = 'View', 'view', t.engine = 'Dictionary', 'dictionary',
                'table'
            ) as type,
            any(db.engine) as db_engine,
            '[]' as mvs_pointing_to_it,
            false as is_refreshable,
            false as refreshable_append,
            {{ 'count(distinct t._shard_num) > 1' if cluster else 'false' }} as is_on_cluster
        from {{ 'clusterAllReplicas(' ~ cluster ~ ', system.tables)' if cluster else 'system.tables' }} as t
        inner join system.databases as db on t.database = db.name
        where t.database = '{{ schema_relation.schema }}'
        group by name, schema, type
    {%- endset -%}
    {{ return(run_query(query)) }}
{% endmacro %}

{% macro clickhouse__drop_associated_mv_if_it_was_automatically_created(target_relation) %}{% endmacro %}
