{% macro to_two_decimals(value) -%}
    toDecimal128(round({{ value }}, 2), 2)
{%- endmacro %}
