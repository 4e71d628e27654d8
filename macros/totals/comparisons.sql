{#- The two sides of the test `totals_equal_days`: rows of entity type, quantity, and (comparison, sum, sum by keys). -#}

{% macro timeframe_windows() %}
    {#- Days before today, in UTC. -#}
    {{ return({'day': 0, 'week': 7, 'month': 30, 'year': 365}) }}
{% endmacro %}

{% macro compared_sums(values, sign='') -%}
    {#- An array of tuples; the last event is no sum, and the same for all keys. -#}
    arrayJoin([
        {%- for name, value in values.items() %}
        {%- if name == 'last event' %}
        ('{{ name }}', toInt64(toUnixTimestamp(max({{ value }}))), toInt64(0))
        {%- else %}
        ('{{ name }}', toInt64(sum({{ value }})), {{ sign }}{{ by_key('entity_id', value) }})
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    ]) as compared
{%- endmacro %}

{% macro sums_of_days(days, dictionary, condition) -%}
    {%- set values = {'total': 'built.total', 'events': 'built.events', 'last event': 'built.last_event'} -%}
    {%- for name, since in timeframe_windows().items() -%}
        {%- do values.update({name: "built.total * (built.day >= toDate(now('UTC')) - " ~ since ~ ")"}) -%}
    {%- endfor -%}
    {%- for name in ['all_time', 'columns'] + (['dictionary'] if dictionary else []) -%}
        {%- do values.update({name: 'built.total'}) -%}
    {%- endfor -%}
    select
        entity_type,
        quantity,
        true as of_days,
        {{ compared_sums(values) }}
    from {{ days }} as built
    prewhere entity_type != '' and {{ condition }}
    group by entity_type, quantity
{%- endmacro %}

{% macro sums_shown(totals, timeframes, columns, dictionary, condition) -%}
    {%- set wide = {'columns': columns} -%}
    {%- if dictionary -%}
        {%- do wide.update({'dictionary': "dictionary('" ~ dictionary.schema ~ '.' ~ dictionary.identifier ~ "')"}) -%}
    {%- endif -%}
    select
        entity_type,
        quantity,
        false as of_days,
        {{ compared_sums({'total': 'shown.total', 'events': 'shown.events', 'last event': 'shown.last_event'}, '-') }}
    from {{ totals }} as shown
    where {{ condition }}
    group by entity_type, quantity

    union all
    select
        entity_type,
        quantity,
        false as of_days,
        {{ compared_sums({
            'day': 'shown.day', 'week': 'shown.week', 'month': 'shown.month', 'year': 'shown.year', 'all_time': 'shown.all_time'
        }, '-') }}
    from {{ timeframes }} as shown
    where {{ condition }}
    group by entity_type, quantity
    {%- for name, relation in wide.items() %}

    union all
    select
        entity_type,
        found.1 as quantity,
        false as of_days,
        {{ compared_sums({name: 'found.2'}, '-') }}
    from {{ relation }}
    array join {{ quantities_with_totals() }} as found
    where {{ condition }}
    group by entity_type, quantity
    {%- endfor %}
{%- endmacro %}
