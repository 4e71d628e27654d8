{#-
    Entity types that the event catalog does not name for the package, with the number of events: a warning, since they are spelled
    by the source and pass through. A new kind of entity belongs into the catalog; a new spelling into the model.
-#}
{% test known_entity_types(model) %}
    {{ config(severity='warn') }}
    {% if execute %}
        select
            entityType as entity_type,
            count() as events
        from {{ model }}
        where
            entityType not in (
                select entity_type from {{ ref('event_catalog') }} where has(splitByChar(' ', packages), '{{ model.identifier }}')
            )
        group by entity_type
    {% endif %}
    {% do ref('event_catalog') %}
{% endtest %}
