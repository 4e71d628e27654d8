{% macro slice_user_id() %}{{ return(-1) }}{% endmacro %}
