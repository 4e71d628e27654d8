{% macro metrics_condition(metrics) %}
    {%- set branches = [] -%}
    {%- for entity_type, metric_types in metrics.items() -%}
        {%- set named = '' if entity_type == '*' else "entityType = '" ~ entity_type ~ "' and " -%}
        {%- do branches.append(named ~ "metricType in ('" ~ metric_types | join("', '") ~ "')") -%}
    {%- endfor -%}
    {{- return('(' ~ (branches | join(' or ') or 'false') ~ ')') -}}
{% endmacro %}
