{% macro registered_quantities() %}
    {#- The names of all quantities, in alphabetical order; none before the seed is loaded. -#}
    {%- set seed = ref('metrics') -%}
    {% if not execute or load_cached_relation(seed) is none %}{{ return([]) }}{% endif %}
    {%- set names = run_query('select distinct quantity from ' ~ seed ~ ' order by quantity').rows -%}
    {{ return(names | map(attribute='quantity') | list) }}
{% endmacro %}

{% macro quantities_with_totals() %}
    {#- Of a row of `entity_totals`: an array of (quantity, total). -#}
    {%- set pairs = [] -%}
    {%- for quantity in registered_quantities() -%}
        {%- do pairs.append("('" ~ quantity ~ "', " ~ adapter.quote(quantity) ~ ')') -%}
    {%- endfor -%}
    {{- return('[' ~ pairs | join(', ') ~ ']') -}}
{% endmacro %}
