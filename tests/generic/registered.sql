{#-
    Events of an entity type and a quantity that the seed `metrics` does not have: nobody has said what they count, and no column of
    `entity_totals` shows them. Give the quantity a row, or delete the events. In `dbt build` of the months that were built.
-#}
{% test registered(model, days) %}
    {% if execute %}
        {%- set refreshed = "toYYYYMM(day) in (" ~ (refreshed_months() | join(', ') or 0) ~ ")" -%}
        select
            entity_type,
            quantity,
            sum(events) as events,
            min(day) as first_day,
            max(day) as last_day
        from {{ days }}
        where
            entity_type != ''
            and {{ 'true' if flags.WHICH == 'test' else refreshed }}
            and (entity_type, quantity) not in (select entity_type, quantity from {{ ref('metrics') }})
            and quantity not in (select quantity from {{ ref('metrics') }} where entity_type = '*')
        group by entity_type, quantity
    {% endif %}
    {% do ref('metrics') %}
{% endtest %}
