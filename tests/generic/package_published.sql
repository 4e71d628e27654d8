{#-
    The event table as its readers see it (no FINAL) holds the events of the package's metrics that are before the cutoff exactly once,
    and no others of version 1: per metric the same number, total and fingerprint of whole rows. Of metrics that other packages count,
    too, their published slices belong to it; those left to the metric tables must be absent. A failure means that somebody wrote
    version 1, that publishing was interrupted, or that a table that the package shares with another was pulled again since: run the
    package again.
-#}
{% test package_published(model) %}
    {% if execute %}
        {%- set package = package_of(model) -%}
        {%- set left_out = left_out(package.slice) -%}
        {%- set slice = api.Relation.create(schema=model.schema, identifier=model.identifier ~ '__slice') -%}
        with both_sides as (
            select *, 1 as is_published from (
                select entityType, entityId, userId, metricType, metricValue, createdAt
                from {{ slice if is_trial() else event_relation() }}
                where {{ slice_condition(package.slice) }}
            )
            union all
            select entityType, entityId, userId, metricType, metricValue, createdAt, 0 as is_published
            from {{ model }}
            where
                {{ metrics_condition(package.slice.metrics) }}
                and not {{ metrics_condition(left_out) }}
                and {{ before_cutoff(package.slice) }}
            {%- for other, condition in ([] if is_trial() else shared_slices(package.slice, left_out, package.name)) %}
                union all
                select entityType, entityId, userId, metricType, metricValue, createdAt, 0 as is_published
                from {{ other }}
                where {{ condition }}
            {%- endfor %}
        )

        select
            entityType as entity_type,
            metricType as metric_type,
            countIf(is_published) as published_events,
            countIf(not is_published) as built_events,
            sumIf(metricValue, is_published) as published_total,
            sumIf(metricValue, not is_published) as built_total,
            sumIf(cityHash64(entityId, userId, metricValue, toUnixTimestamp(createdAt)), is_published)
            - sumIf(cityHash64(entityId, userId, metricValue, toUnixTimestamp(createdAt)), not is_published) as difference
        from both_sides
        group by entity_type, metric_type
        having published_events != built_events or difference != 0
    {% endif %}
    {% do ref('event_catalog') %}
{% endtest %}
