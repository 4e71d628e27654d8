{#-
    The columns of the one view say what the rows of the other say, by sums and by keys, and there is a column for each quantity that has
    events: one that the seed `metrics` does not have counts what nobody has said. A row for each entity type and quantity; `problem` says
    what is wrong. In `dbt build` of the entities that were counted, in `dbt test` of all. A comparison of nothing fails.
-#}
{% test entity_totals_equal_totals(model, totals, days) %}
    {% if execute %}
        {%- set compared = entities_to_compare(days) -%}
        select
            entity_type,
            quantity,
            sum(sides.difference) as difference,
            sum(sides.events) as events,
            multiIf(
                events > 0
                and (entity_type, quantity) not in (select entity_type, quantity from {{ ref('metrics') }})
                and quantity not in (select quantity from {{ ref('metrics') }} where entity_type = '*'),
                'the registry does not have it: give it a row in seeds/metrics.csv, or delete its events',
                difference != 0 or sum(sides.by_key) != 0, 'differs',
                ''
            ) as problem
        from (
            select
                entity_type,
                found.1 as quantity,
                sum(found.2) as difference,
                {{ by_key('entity_type, entity_id', 'found.2') }} as by_key,
                toUInt64(0) as events
            from {{ model }}
            array join {{ quantities_with_totals() }} as found
            where {{ compared }}
            group by entity_type, quantity

            union all
            select
                entity_type,
                quantity,
                -sum(shown.total) as difference,
                -{{ by_key('entity_type, entity_id', 'shown.total') }} as by_key,
                sum(shown.events) as events
            from {{ totals }} as shown
            where {{ compared }}
            group by entity_type, quantity
        ) as sides
        group by entity_type, quantity
        having events > 0 or problem != ''
        order by entity_type, quantity
        settings {{ bounded_and_early() }}
    {% endif %}
    {% do ref('metrics') %}
{% endtest %}
