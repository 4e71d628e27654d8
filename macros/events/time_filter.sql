{% macro time_filter() -%}
    true /* time_filter */
{%- endmacro %}
