{#-
    What the tests of the totals compare: in `dbt build` what the same run refreshed, in `dbt test` all. Sums are compared by keys
    without grouping by keys: each value is multiplied by a hash of its key, so that sums are equal only if each key has its own.
-#}

{% macro sums_of_events(condition) %}
    {#-
        The event table under the names of the registry, another way than the view `entity_metric_events` goes: names are given to the
        sums, not to the events.
    -#}
    select
        sums.month as month,
        sums.entity_type as entity_type,
        if(names.quantity != '', names.quantity, sums.metric) as quantity,
        sums.total as total_of_events,
        toInt64(0) as total_of_days,
        sums.events as events,
        toUInt64(0) as events_of_days,
        sums.difference as difference
    from (
        select
            toYYYYMM(created_at) as month,
            entity_type,
            metric,
            sum(metric_value) as total,
            count() as events,
            {{ by_key('entity_id, toDate(created_at)', 'metric_value') }}
            + 3 * {{ by_key('entity_id, toDate(created_at)', '1') }} as difference
        from {{ events_that_count() | indent(8) }} as event
        where {{ condition }}
        group by month, entity_type, metric
    ) as sums
    left any join {{ names_of_events() | indent(4) }} as names
        on sums.entity_type = names.entity_type and sums.metric = names.name
{% endmacro %}

{% macro events_that_count() -%}
    (
        select
            entityType as entity_type,
            metricType as metric,
            entityId as entity_id,
            metricValue as metric_value,
            toTimeZone(createdAt, 'UTC') as created_at
        from {{ event_relation() }}
        where userId not in (select user_id from {{ ref('excluded_users') }})
    )
{%- endmacro %}

{% macro names_of_events() -%}
    (
        select
            entity_type,
            quantity,
            arrayJoin([legacy_metric, source_metric]) as name
        from {{ ref('metrics') }}
    )
{%- endmacro %}

{% macro compares_all() %}
    {#- In `dbt test`, and where all was built anew. -#}
    {{ return(flags.WHICH == 'test' or flags.FULL_REFRESH) }}
{% endmacro %}

{% macro days_to_compare(month) %}
    {#- A condition: in `dbt build` the months that this run has built; where it built none, a few entities of the latest one. -#}
    {%- if compares_all() -%}{{- return('true') -}}{%- endif -%}
    {%- set refresh = this_refresh() -%}
    {%- if refresh.months -%}{{- return(month ~ ' in (' ~ refresh.months | join(', ') ~ ')') -}}{%- endif -%}
    {{- return('(' ~ month ~ ' = ' ~ refresh.latest ~ ' and ' ~ among(refresh.a_few) ~ ')') -}}
{% endmacro %}

{% macro entities_to_compare() %}
    {#- A condition: in `dbt build` the entities that this run counted, and a few of the latest month. -#}
    {%- set refresh = this_refresh() if not compares_all() -%}
    {%- if not refresh or refresh.entities == 'all' -%}
        {{- return('true') -}}
    {%- elif refresh.entities == 'none' -%}
        {{- return(among(refresh.a_few)) -}}
    {%- endif -%}
    {%- set keys -%}
        select toString(entity_type) as entity_type, entity_id from {{ touched_entities() }}
        {%- if refresh.a_few %}
            union all
            select key.1, key.2 from (select arrayJoin([{{ refresh.a_few }}]) as key)
        {%- endif %}
    {%- endset -%}
    {#- The ids alone leave out most rows, before types are looked at. #}
    {{- return('(entity_id in (select entity_id from (' ~ keys ~ ')) and ' ~ among(keys) ~ ')') -}}
{% endmacro %}

{% macro among(entities) %}
    {{- return('(toString(entity_type), entity_id) in (' ~ entities ~ ')' if entities else 'false') -}}
{% endmacro %}

{% macro bounded_and_early() -%}
    {#- Memory is bounded; conditions, which are on keys alone, come before FINAL. -#}
    max_bytes_before_external_group_by = 1000000000, max_bytes_ratio_before_external_group_by = 0, optimize_move_to_prewhere_if_final = 1
{%- endmacro %}
