{% macro table_exists(relation) %}
    {#- Asked of ClickHouse: dbt's cache does not know what hooks of the same run have made. -#}
    {{ return(run_query('exists table ' ~ relation)[0][0] | int == 1) }}
{% endmacro %}
