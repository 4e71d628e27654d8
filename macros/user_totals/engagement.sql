{#- What engagement is worth, and the days that count. -#}

{% macro engagement_points() -%}
    {#-
        A query: points for each entity type and quantity of the registry, in ten-thousandths, so that sums are whole numbers. What the
        seed does not name is worth what it says of `*`; what is worth nothing has no row.
    -#}
    select
        quantities.entity_type as entity_type,
        quantities.quantity as quantity,
        toInt64(argMax(weights.weight, weights.quantity = quantities.quantity) * 10000) as points
    from {{ ref('metrics') }} as quantities
    inner join {{ ref('engagement_weights') }} as weights on quantities.entity_type = weights.entity_type
    where weights.quantity in (quantities.quantity, '*')
    group by quantities.entity_type, quantities.quantity
    having points != 0
{%- endmacro %}

{% macro engagement_date() -%}
    {#- The last day of the window, in UTC. -#}
    {{ "toDate('" ~ var('engagement_date') ~ "')" if var('engagement_date') else "toDate(now('UTC'))" }}
{%- endmacro %}

{% macro in_window(day) -%}
    {{ day }} between {{ engagement_date() }} - {{ var('engagement_days') }} and {{ engagement_date() }}
{%- endmacro %}

{% macro as_score(points) -%}
    toDecimal64(toDecimal128({{ points }}, 4) / 10000, 4)
{%- endmacro %}
