{% macro published_slice(checked) -%}
    (
        select entityId, metricType, metricValue, createdAt
        from {{ checked.published }}
        where {{ slice_condition(checked.catalog.entity_type, checked.catalog.metrics.values()) }}
    )
{%- endmacro %}
