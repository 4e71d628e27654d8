{#-
    (entityId, metricType) is unique in the published slice. Grouped in the order of the sorting key, so that memory does not grow
    with the table. A failure means that an entity's metric is counted more than once.
-#}
{% test unique_in_slice(model) %}
    {% if execute %}
        {%- set checked = event_model(model) -%}
        select
            '{{ checked.catalog.entity_type }}' as entity_type,
            entityId as entity_id,
            arrayFilter((metric, n) -> n > 1, metrics.1, metrics.2) as metrics_more_than_once
        from (
            select entityId, sumMap([toString(metricType)], [1]) as metrics
            from {{ published_slice(checked) }}
            group by entityId
            having count() != uniqExact(metricType)
            settings optimize_aggregation_in_order = 1
        )
    {% endif %}
    {% do ref('metric_catalog') %}
{% endtest %}
