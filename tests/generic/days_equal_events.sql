{#-
    The days say what the event table says, month by month and quantity by quantity: totals, numbers of events, and both by keys. A row for
    each; `problem` says what differs. In `dbt build` of the months that were built, or of a few entities; in `dbt test` of all. A comparison
    of nothing fails.
-#}
{% test days_equal_events(model) %}
    {% if execute %}
        select
            month,
            entity_type,
            quantity,
            sum(sides.total_of_events) as total_of_events,
            sum(sides.total_of_days) as total_of_days,
            sum(sides.events) as events,
            sum(sides.events_of_days) as events_of_days,
            multiIf(
                events_of_days = 0, 'the days lack it',
                events = 0, 'there are no such events',
                total_of_events != total_of_days or events != events_of_days, 'sums differ',
                sum(sides.difference) != 0, 'keys differ',
                ''
            ) as problem
        from (
            {{ sums_of_events(days_to_compare('toYYYYMM(created_at)')) }}

            union all
            select
                toYYYYMM(day) as month,
                entity_type,
                quantity,
                0,
                sum(total),
                0,
                sum(events),
                -{{ by_key('entity_id, day', 'total') }}
                - 3 * {{ by_key('entity_id, day', 'events') }} as difference
            from {{ model }}
            where entity_type != '' and {{ days_to_compare('toYYYYMM(day)') }}
            group by month, entity_type, quantity
        ) as sides
        group by month, entity_type, quantity
        order by month, entity_type, quantity
    {% endif %}
    {% do ref('metrics') %}
    {% do ref('excluded_users') %}
{% endtest %}
