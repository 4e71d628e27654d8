{% macro published_slice(checked) -%}
    (
        select entityId, metricType, metricValue, createdAt
        from {{ checked.published }}
        where {{ slice_condition(checked.slice) }}
        {% if checked.left_out and not is_trial() %}
            {#- What the other job counts is as right as it was built. -#}
            union all
            select entityId, metricType, metricValue, createdAt
            from {{ checked.built }}
            where {{ metrics_condition(checked.left_out) }}
        {% endif %}
    )
{%- endmacro %}
