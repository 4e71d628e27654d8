{#-
    Where the seed `event_catalog` names a legacy column, `metric_catalog` has that column, for the same entity type and the same
    quantity (see the macro `quantity`). A failure means that one of the two seeds is wrong: compare both with the site's schema.
-#}
{% test fits_metric_catalog(model) %}
    select
        event.entity_type as entity_type,
        event.metric_type as metric_type,
        event.legacy_table as legacy_table,
        event.legacy_column as legacy_column,
        metric.entity_type as entity_type_of_column,
        metric.metric_type as metric_type_of_column
    from {{ model }} as event
    left join {{ ref('metric_catalog') }} as metric
        on event.legacy_table = metric.legacy_table and event.legacy_column = metric.legacy_column
    where
        event.legacy_column != ''
        and (
            event.entity_type != metric.entity_type
            or event.metric_type != if(
                metric.entity_type = 'Image',
                transform(
                    metric.metric_type,
                    {{ image_quantities().keys() | list }},
                    {{ image_quantities().values() | list }},
                    metric.metric_type
                ),
                metric.metric_type
            )
        )
{% endtest %}
