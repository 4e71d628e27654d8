{% macro string_list(json) -%}
    JSONExtract(coalesce({{ json }}, '[]'), 'Array(String)')
{%- endmacro %}
