{#-
    The slice as readers see it (no FINAL) holds what the event model built exactly once, as far as this job counts it, and nothing
    else: per metric the same number of events, the same total and the same fingerprint of whole rows. A failure means that somebody
    wrote into the slice, that publishing was interrupted, or that the event model was built again and not published: run the job again.
    Where the last publishing appended, the events differ from the model's and their sums are equal: per entity, user and metric, but for
    what waits to be found a second time.
-#}
{% test published(model, events) %}
    {% if execute and last_strategy(model.identifier) == 'append' %}
        {{- differences_left(model, events) -}}
    {% elif execute %}
        {%- set node = model_node(events) -%}
        {%- set of_tables = node.config.meta.events.job == 'metric_tables' -%}
        {%- set fingerprint = 'toInt64(sum(cityHash64(entityId, userId, metricValue, toUnixTimestamp(createdAt))))' -%}
        with registry as {{ registry() }},

        counted as (
            select
                entity_type,
                {{ 'legacy_metric' if of_tables else 'source_metric' }} as metric_type,
                job = '{{ node.config.meta.events.job }}' as is_counted
            from registry
            where metric_type != ''
        ),

        both_sides as (
            select
                toString(entityType) as entity_type,
                toString(metricType) as metric_type,
                count() as published_events,
                0 as built_events,
                sum(metricValue) as published_total,
                0 as built_total,
                {{ fingerprint }} as fingerprint
            from {{ model }}
            group by entityType, metricType
            union all
            select
                toString(entityType) as entity_type,
                toString(metricType) as metric_type,
                0,
                count(),
                0,
                sum(metricValue),
                -{{ fingerprint }}
            from {{ events }}
            where version > 0
            group by entityType, metricType
            having
                if(
                    (entity_type, metric_type) in (select entity_type, metric_type from counted),
                    (entity_type, metric_type) in (select entity_type, metric_type from counted where is_counted),
                    ('*', metric_type) in (select entity_type, metric_type from counted where is_counted)
                )
        )

        select
            entity_type,
            metric_type,
            sum(published_events) as published_events,
            sum(built_events) as built_events,
            sum(published_total) as published_total,
            sum(built_total) as built_total
        from both_sides
        group by entity_type, metric_type
        having
            published_events != built_events
            or published_total != built_total
            or sum(fingerprint) != 0
    {% endif %}
    {% do ref('metrics') %}
{% endtest %}
