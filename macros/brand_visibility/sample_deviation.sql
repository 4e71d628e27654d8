{% macro sample_deviation(value) -%}
    if(count({{ value }}) < 2, null, stddevSampStable(toFloat64({{ value }})))
{%- endmacro %}
