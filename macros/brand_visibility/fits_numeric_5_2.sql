{% macro fits_numeric_5_2(rounded) -%}
    coalesce(abs({{ rounded }}) < 1000, true)
{%- endmacro %}
