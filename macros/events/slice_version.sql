{% macro slice_version() %}{{ return(3) }}{% endmacro %}
