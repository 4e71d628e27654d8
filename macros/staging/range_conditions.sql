{% macro range_conditions(step) %}
    {%- set key = adapter.quote(config.meta_get('range_key', '')) -%}
    {%- set conditions = [] -%}
    {%- for n in range(step.bounds | length - 1) -%}
        {%- set lower = step.bounds[n] -%}
        {%- set upper = step.bounds[n + 1] -%}
        {%- set parts = [] -%}
        {%- if lower is not none -%}{%- do parts.append(key ~ ' > ' ~ lower) -%}{%- endif -%}
        {%- if upper is not none -%}{%- do parts.append(key ~ ' <= ' ~ upper) -%}{%- endif -%}
        {%- do conditions.append('(' ~ (parts | join(' and ') or '1 = 1') ~ ')') -%}
    {%- endfor -%}
    {{ return(conditions) }}
{% endmacro %}
