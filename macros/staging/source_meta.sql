{% macro source_meta(source_name) %}
    {%- set node = graph.sources.values() | selectattr('source_name', 'equalto', source_name[0])
        | selectattr('name', 'equalto', source_name[1]) | first -%}
    {{ return(node.config.meta) }}
{% endmacro %}
