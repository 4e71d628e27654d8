{% macro table_uuid(relation) %}
    {%- set rows = run_query(
        "select toString(uuid) as table_uuid from system.tables where database = '" ~ relation.schema
        ~ "' and name = '" ~ relation.identifier ~ "'"
    ) -%}
    {{ return(rows[0][0] if rows | length else none) }}
{% endmacro %}
