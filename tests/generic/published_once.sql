{#-
    The event table as its readers see it (no FINAL) holds the slice that the model built exactly once: per metric the same number
    of events, the same total and the same fingerprint of all rows. A failure means that somebody wrote into the slice, or that
    publishing was interrupted: run the model again.
-#}
{% test published_once(model) %}
    {% if execute %}
        {%- set checked = event_model(model) -%}
        with both_sides as (
            select *, 1 as is_published from {{ published_slice(checked) }}
            union all
            select entityId, metricType, metricValue, createdAt, 0 as is_published from {{ model }}
        )

        select
            '{{ checked.catalog.entity_type }}' as entity_type,
            metricType as metric_type,
            countIf(is_published) as published_events,
            countIf(not is_published) as built_events,
            sumIf(metricValue, is_published) as published_total,
            sumIf(metricValue, not is_published) as built_total
        from both_sides
        group by metric_type
        having
            published_events != built_events
            or published_total != built_total
            or sumIf(cityHash64(entityId, metricValue, toUnixTimestamp(createdAt)), is_published)
            != sumIf(cityHash64(entityId, metricValue, toUnixTimestamp(createdAt)), not is_published)
    {% endif %}
    {% do ref('metric_catalog') %}
{% endtest %}
