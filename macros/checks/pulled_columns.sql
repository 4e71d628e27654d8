{% macro pulled_columns(relation) %}
    {%- set rows = run_query(
        "select name from system.columns where database = '" ~ relation.schema ~ "' and table = '" ~ relation.identifier
        ~ "' and name != '_range' and comment != '" ~ missing_column_comment() ~ "' order by position"
    ) -%}
    {{ return(rows.columns[0].values() if rows | length else []) }}
{% endmacro %}
