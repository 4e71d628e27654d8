{#-
    The totals say what the days say, quantity by quantity: totals, numbers of events, both by keys, and the last event. A row for each;
    `problem` says what differs. In `dbt build` of the entities that were counted, in `dbt test` of all. A comparison of nothing fails.
-#}
{% test totals_equal_days(model, days) %}
    {% if execute %}
        {%- set compared = entities_to_compare(days) -%}
        select
            entity_type,
            quantity,
            sum(sides.total_of_days) as total_of_days,
            sum(sides.total) as total,
            sum(sides.events_of_days) as events_of_days,
            sum(sides.events) as events,
            multiIf(
                events = 0, 'the totals lack it',
                events_of_days = 0, 'there are no such days',
                total != total_of_days or events != events_of_days, 'sums differ',
                sum(sides.difference) != 0, 'keys differ',
                ''
            ) as problem
        from (
            select
                entity_type,
                quantity,
                sum(built.total) as total_of_days,
                toInt64(0) as total,
                sum(built.events) as events_of_days,
                toUInt64(0) as events,
                {{ by_key('entity_type, quantity, entity_id', 'built.total') }}
                + 3 * {{ by_key('entity_type, quantity, entity_id', 'built.events') }} as difference
            from {{ days }} as built
            prewhere entity_type != '' and {{ compared }}
            group by entity_type, quantity

            union all
            select
                entity_type,
                found.1 as quantity,
                0,
                sum(found.2.total),
                0,
                sum(found.2.events),
                -{{ by_key('entity_type, found.1, entity_id', 'found.2.total') }}
                - 3 * {{ by_key('entity_type, found.1, entity_id', 'found.2.events') }} as difference
            {#- By the keys of the table, so that rows can be left out before the last one of each is found. #}
            from {{ model }} final
            array join totals as found
            prewhere {{ compared }}
            group by entity_type, quantity
        ) as sides
        group by entity_type, quantity
        order by entity_type, quantity
        settings {{ bounded_and_early() }}
    {% endif %}
{% endtest %}
