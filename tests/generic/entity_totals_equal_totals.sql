{#-
    The columns of the one view say what the rows of the other say, by sums and by keys. A row for each quantity; `problem` says what
    differs. In `dbt build` of the entities that were counted, in `dbt test` of all. A comparison of nothing fails.
-#}
{% test entity_totals_equal_totals(model, totals, days) %}
    {% if execute %}
        {%- set compared = entities_to_compare(days) -%}
        {%- set quantities = registered_quantities() -%}
        select
            quantity,
            sum(sides.difference) as difference,
            if(difference != 0 or sum(sides.by_key) != 0, 'differs', '') as problem
        from (
            select
                found.1 as quantity,
                sum(found.2) as difference,
                {{ by_key('entity_type, entity_id', 'found.2') }} as by_key
            from {{ model }}
            array join [
                {%- for quantity in quantities -%}
                    ('{{ quantity }}', {{ adapter.quote(quantity) }}){{ ', ' if not loop.last }}
                {%- endfor -%}
            ] as found
            where {{ compared }}
            group by quantity

            union all
            select
                quantity,
                -sum(total) as difference,
                -{{ by_key('entity_type, entity_id', 'total') }} as by_key
            from {{ totals }}
            where quantity in ('{{ quantities | join("', '") }}') and {{ compared }}
            group by quantity
        ) as sides
        group by quantity
        order by quantity
    {% endif %}
    {% do ref('metrics') %}
{% endtest %}
