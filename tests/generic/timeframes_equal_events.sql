{#-
    The timeframes say what the event table says since their days, quantity by quantity, by sums and by keys. A row for each; `problem` says
    which one differs. In `dbt build` of the entities that were counted, in `dbt test` of all. A comparison of nothing fails.
-#}
{% test timeframes_equal_events(model, days) %}
    {% if execute %}
        {%- set compared = entities_to_compare(days) -%}
        {%- set windows = {'day': 0, 'week': 7, 'month': 30, 'year': 365, 'all_time': none} -%}
        {%- set key = 'entity_type, quantity, entity_id' -%}
        select
            entity_type,
            quantity,
            {% for name in windows -%}
                sum(sides.{{ name }}) as {{ name }}_difference,
            {% endfor -%}
            multiIf(
                {% for name in windows -%}
                    {{ name }}_difference != 0 or sum(sides.{{ name }}_by_key) != 0, '{{ name }} differs',
                {% endfor -%}
                ''
            ) as problem
        from (
            select
                entity_type,
                quantity
                {%- for name, since in windows.items() %}
                    {%- set value = 'metric_value' if since is none
                        else "metric_value * (toDate(created_at) >= toDate(now('UTC')) - " ~ since ~ ")" -%},
                    sum({{ value }}) as {{ name }},
                    {{ by_key(key, value) }} as {{ name }}_by_key
                {%- endfor %}
            from {{ events_by_registry() }}
            where {{ compared }}
            group by entity_type, quantity

            union all
            select
                entity_type,
                quantity
                {%- for name in windows -%},
                    -sum(shown.{{ name }}) as {{ name }},
                    -{{ by_key(key, 'shown.' ~ name) }} as {{ name }}_by_key
                {%- endfor %}
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
