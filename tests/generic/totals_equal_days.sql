{#-
    What readers see says what the days say, quantity by quantity, by sums and by keys: totals, numbers of events, the last event,
    timeframes, columns, and in `dbt test` the dictionary, once it is loaded anew. A row for each quantity and comparison; `problem` says
    what is wrong. A quantity that the seed `metrics` does not have has no column, and counts what nobody has said. In `dbt build` of the
    entities that were counted, or of a few; in `dbt test` of all. A comparison of nothing fails.
-#}
{% test totals_equal_days(model, days, timeframes, columns, dictionary) %}
    {% if execute %}
        {%- set condition = entities_to_compare() -%}
        {#- Loading it takes a while, and memory: in `dbt build` only its state is looked at. #}
        {%- set loaded = dictionary if flags.WHICH == 'test' -%}
        {%- do run_query('system reload dictionary ' ~ loaded) if loaded -%}
        select
            entity_type,
            quantity,
            compared.1 as comparison,
            sumIf(compared.2, sides.of_days) as of_days,
            sumIf(compared.2, not sides.of_days) as shown,
            max(sides.of_days) as has_days,
            multiIf(
                comparison = 'columns' and has_days
                and (entity_type, quantity) not in (select entity_type, quantity from {{ ref('metrics') }})
                and quantity not in (select quantity from {{ ref('metrics') }} where entity_type = '*'),
                'the registry does not have it: give it a row in seeds/metrics.csv, or delete its events',
                comparison = 'events' and of_days = 0, 'there are no such days',
                comparison = 'events' and shown = 0, 'the totals lack it',
                of_days != shown, 'sums differ',
                sum(compared.3) != 0, 'keys differ',
                ''
            ) as problem
        from (
            {{ sums_of_days(days, loaded, condition) }}

            union all
            {{ sums_shown(model, timeframes, columns, loaded, condition) }}
        ) as sides
        group by entity_type, quantity, comparison
        having has_days or problem != ''

        union all
        select
            '',
            '',
            'dictionary',
            0,
            0,
            false,
            last_exception
        from system.dictionaries
        where database = '{{ dictionary.schema }}' and name = '{{ dictionary.identifier }}' and last_exception != ''
        settings {{ bounded_and_early() }}
    {% endif %}
    {% do ref('metrics') %}
    {#- Which finds the entities that are compared. -#}
    {% do ref('counted_entities') %}
{% endtest %}
