{% macro slice_condition(entity_type, metric_types) %}
    {{- return(
        "entityType = '" ~ entity_type ~ "' and version = " ~ slice_version() ~ " and userId = " ~ slice_user_id()
        ~ " and metricType in ('" ~ metric_types | join("', '") ~ "')"
    ) -}}
{% endmacro %}
