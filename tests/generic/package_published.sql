{#-
    The event table as its readers see it (no FINAL) holds the events of the package's metrics that are before the cutoff exactly once,
    and no others of version 1: per metric the same number, total and fingerprint of whole rows. Of metrics that other packages count,
    too, their published slices belong to it; those left to the metric tables must be absent. In the second that the cutoff cuts, where
    the event table's seconds cannot tell, there may be fewer. A failure means that somebody wrote version 1, or that publishing was
    interrupted: run the package again.
-#}
{% test package_published(model) %}
    {% if execute %}
        {%- set package = package_of(model) -%}
        {%- set left_out = left_out(package.slice) -%}
        {%- set slice = api.Relation.create(schema=model.schema, identifier=model.identifier ~ '__slice') -%}
        {%- set cutoff = utc_time('source_events_cutoff') if var('source_events_cutoff') is not none else '2106-01-01 00:00:00.000' -%}
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
                and createdAt <= toDateTime('{{ cutoff[:19] }}', 'UTC')
            {%- for other, condition in ([] if is_trial() else shared_slices(package.slice, left_out, package.name)) %}
                union all
                select entityType, entityId, userId, metricType, metricValue, createdAt, 0 as is_published
                from {{ other }}
                where {{ condition }}
            {%- endfor %}
        ),

        compared as (
            select
                entityType as entity_type,
                metricType as metric_type,
                createdAt = toDateTime('{{ cutoff[:19] }}', 'UTC') as is_cut,
                countIf(is_published) as published_events,
                countIf(not is_published) as built_events,
                sumIf(metricValue, is_published) as published_total,
                sumIf(metricValue, not is_published) as built_total,
                sumIf(cityHash64(entityId, userId, metricValue, toUnixTimestamp(createdAt)), is_published)
                - sumIf(cityHash64(entityId, userId, metricValue, toUnixTimestamp(createdAt)), not is_published) as difference
            from both_sides
            group by entity_type, metric_type, is_cut
        )

        select *
        from compared
        where if(is_cut, published_events > built_events, published_events != built_events or difference != 0)
    {% endif %}
    {% do ref('event_catalog') %}
{% endtest %}
