{% macro missing_column_comment() %}{{ return('Missing in the source') }}{% endmacro %}
