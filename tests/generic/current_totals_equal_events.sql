{#-
    The totals as of now say what the event table says, quantity by quantity, by sums and by keys. A row for each; `problem` says which one
    differs. In `dbt build` of the entities that were counted, in `dbt test` of all. A comparison of nothing fails.
-#}
{% test current_totals_equal_events(model, days) %}
    {% if execute %}
        {%- set compared = entities_to_compare() -%}
        select
            entity_type,
            quantity,
            sum(sides.difference) as difference,
            if(difference != 0 or sum(sides.by_key) != 0, 'differs', '') as problem
        from (
            select
                sums.entity_type as entity_type,
                if(names.quantity != '', names.quantity, sums.metric) as quantity,
                sums.difference as difference,
                sums.by_key as by_key
            from (
                select
                    entity_type,
                    metric,
                    sum(metric_value) as difference,
                    {{ by_key('entity_id', 'metric_value') }} as by_key
                from {{ events_that_count() | indent(16) }} as event
                where {{ compared }}
                group by entity_type, metric
            ) as sums
            left any join {{ names_of_events() | indent(12) }} as names
                on sums.entity_type = names.entity_type and sums.metric = names.name

            union all
            select
                entity_type,
                quantity,
                -sum(shown.total) as difference,
                -{{ by_key('entity_id', 'shown.total') }} as by_key
            from {{ model }} as shown
            where {{ compared }}
            group by entity_type, quantity
        ) as sides
        group by entity_type, quantity
        order by entity_type, quantity
        settings {{ bounded_and_early() }}
    {% endif %}
    {% do ref('metrics') %}
    {% do ref('excluded_users') %}
    {#- Which finds the entities that are compared. -#}
    {% do ref('counted_entities') %}
{% endtest %}
