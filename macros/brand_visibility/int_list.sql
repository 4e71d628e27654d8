{% macro int_list(list) -%}
    arrayFilter(isNotNull, cast(coalesce(toString({{ list }}), '[]') as Array(Nullable(Int32))))::Array(Int32)
{%- endmacro %}
