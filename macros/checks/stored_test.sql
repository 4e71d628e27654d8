{#-
    Overrides dbt's materialization of tests: what a test found is stored in one statement, not in five. On a cluster, and where a test
    stores nothing or a view, dbt's own is good.
-#}

{% materialization test, adapter='clickhouse' %}
    {%- if not should_store_failures() or config.get('store_failures_as') == 'view' or adapter.get_clickhouse_cluster_name() -%}
        {{- return(dbt.materialization_test_default()) -}}
    {%- endif -%}
    {%- set stored = api.Relation.create(schema=schema, identifier=model['alias'], type='table') -%}
    {% call statement('store') %}
        create or replace table {{ stored }}
        engine = MergeTree
        order by tuple()
        as
        {{ get_limit_subquery_sql(sql, config.get('limit')) }}
    {% endcall %}
    {% call statement('main', fetch_result=True) %}
        {{ get_test_sql(
            'select * from ' ~ stored, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none
        ) }}
    {% endcall %}
    {{- return({'relations': [stored]}) -}}
{% endmaterialization %}
