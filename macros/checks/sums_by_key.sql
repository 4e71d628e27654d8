{#- What tells whether two sides have the same sums, without grouping by whole keys. -#}

{% macro by_key(key, value) -%}
    sum(toInt64(cityHash64({{ key }})) * toInt64({{ value }}))
{%- endmacro %}

{% macro entity_number(entity_type, entity_id) -%}
    {#- One number for both takes half the time of two keys; the names of entity types are few enough not to collide. -#}
    bitShiftLeft(cityHash64(toString({{ entity_type }})), 32) + toUInt32({{ entity_id }})
{%- endmacro %}
