{% macro range_filter() -%}
    true /* range_filter */
{%- endmacro %}
