{#-
    Entity types that the seed `metrics` does not name for the package, with the number of events: a warning, since they are spelled
    by the source and pass through. A new kind of entity belongs into the seed; a new spelling into the model.
-#}
{% test known_entity_types(model, package) %}
    select
        entityType as entity_type,
        count() as events
    from {{ model }}
    where entityType not in (select entity_type from {{ ref('metrics') }} where package = '{{ package }}')
    group by entity_type
{% endtest %}
