{#-
    Overrides what the adapter's materialization `dictionary` creates one by. The adapter writes user and password into the statement,
    and replaces the dictionary on each run, so that readers wait until it is loaded again; this one is replaced where it is another.
-#}

{% macro clickhouse__get_create_dictionary_as_sql(relation, cluster_clause, sql) %}
    {%- set columns = adapter.get_column_schema_from_query(sql) -%}
    {%- set source -%}
        {%- if var('dictionary_collection') %}name {{ var('dictionary_collection') }} {% endif -%}
        query '{{ sql | replace("'", "''") }}'

    {%- endset -%}
    {%- set definition -%}
        (
        {%- for column in columns -%}
            {{ adapter.quote(column.name) }} {{ column.dtype | replace('LowCardinality(String)', 'String') }}
            {{- ', ' if not loop.last }}
        {%- endfor -%}
        )
        primary key {{ config.get('primary_key') }}
        source(clickhouse({{ source }}))
        layout({{ config.get('layout') }})
        lifetime({{ config.get('lifetime') }})
    {%- endset -%}
    {%- set mark = local_md5(definition) -%}
    {%- set there = run_query(
        "select comment from system.tables where database = '" ~ relation.schema ~ "' and name = '" ~ relation.identifier ~ "'"
    ).rows -%}
    {%- if there and there[0]['comment'] == mark -%}
        select 1
    {%- else -%}
        create or replace dictionary {{ relation }} {{ cluster_clause }} {{ definition }} comment '{{ mark }}'
    {%- endif -%}
{% endmacro %}
