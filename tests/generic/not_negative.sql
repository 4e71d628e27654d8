{#-
    Totals below zero: something was taken away that was never counted. They are shown as they are; where a reader cannot have them, it
    is for the reader to show zero. In `dbt build` of the entities that were counted, in `dbt test` of all.
-#}
{% test not_negative(model) %}
    {% if execute %}
        select
            entity_type,
            entity_id,
            quantity,
            total,
            last_event
        from {{ model }}
        where total < 0 and {{ entities_to_compare() }}
        settings {{ bounded_and_early() }}
    {% endif %}
    {#- Of which a few are compared. -#}
    {% do ref('built_days') %}
{% endtest %}
