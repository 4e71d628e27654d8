{% macro registered_quantities() %}
    {#- The names of all quantities, in alphabetical order; none before the seed is loaded. -#}
    {%- set seed = ref('metrics') -%}
    {% if not execute or load_cached_relation(seed) is none %}{{ return([]) }}{% endif %}
    {%- set names = run_query('select distinct quantity from ' ~ seed ~ ' order by quantity').rows -%}
    {{ return(names | map(attribute='quantity') | list) }}
{% endmacro %}
