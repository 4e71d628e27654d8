{#- A table that is incremental, and of which nothing changed, is left as it is. -#}

{% macro only_if_changed(months) %}
    {#- A comment in the SQL of a model, where there are no months to refresh: the materialization looks for it. -#}
    {{- return('-- Nothing changed.' if is_incremental() and not months and flags.WHICH in ['run', 'build'] else '') -}}
{% endmacro %}

{% materialization incremental, adapter='clickhouse' %}
    {#- Overrides the adapter's, which would make an empty table and add it. #}
    {%- if '-- Nothing changed.' not in sql -%}
        {{- return(dbt.materialization_incremental_clickhouse()) -}}
    {%- endif -%}
    {% call noop_statement('main', 'nothing changed') %}{% endcall %}
    {{- return({'relations': [this]}) -}}
{% endmaterialization %}
