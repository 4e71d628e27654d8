{% macro to_numeric_5_2(rounded) -%}
    if({{ fits_numeric_5_2(rounded) }}, {{ rounded }}, null)::Nullable(Decimal(5, 2))
{%- endmacro %}
