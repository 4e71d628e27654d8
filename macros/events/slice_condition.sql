{% macro slice_condition(slice) %}
    {%- set conditions = ['version = ' ~ slice_version(slice.counted_from)] -%}
    {%- if slice.counted_from == 'metric_tables' -%}
        {%- do conditions.append('userId = ' ~ slice_user_id()) -%}
    {%- endif -%}
    {{- return(conditions | join(' and ') ~ ' and ' ~ metrics_condition(slice.metrics)) -}}
{% endmacro %}
