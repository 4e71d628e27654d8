{#-
    Events that readers sum and no package or metric table owns: of version 1, or of version 3 by the user -1, with an entity type and
    a quantity that the seed `metrics` does not have. Nobody replaces or removes them. A failure means that a metric or a package
    was taken out of the project while its events stayed, or that somebody else writes here: delete them, or give them a row.
-#}
{% test owned(model) %}
    select
        entity_type,
        quantity,
        version,
        count() as events,
        sum(metric_value) as total
    from {{ model }}
    where
        (version = 1 or (version = 3 and user_id = -1))
        and (entity_type, quantity) not in (
            select
                entity_type,
                quantity
            from {{ ref('metrics') }}
        )
        and not (version = 1 and quantity in (select quantity from {{ ref('metrics') }} where entity_type = '*'))
    group by entity_type, quantity, version
{% endtest %}
