{% macro source_columns(relation) %}
    {% if not table_exists(relation) %}{{ return([]) }}{% endif %}
    {#- Of this table alone: system.columns would ask Postgres for the columns of all tables. -#}
    {{ return(run_query('describe table ' ~ relation).rows) }}
{% endmacro %}
