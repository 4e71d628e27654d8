{#-
    What the tests of the totals compare: in `dbt build` what the same run refreshed, in `dbt test` all. Sums are compared by keys
    without grouping by keys: each value is multiplied by a hash of its key, so that sums are equal only if each key has its own.
-#}

{% macro events_by_registry() %}
    {#- The event table under the names of the registry, another way than the view `entity_metric_events` goes. -#}
    (
        select
            event.entityType as entity_type,
            if(names.quantity != '', names.quantity, event.metricType) as quantity,
            event.entityId as entity_id,
            event.metricValue as metric_value,
            toTimeZone(event.createdAt, 'UTC') as created_at
        from {{ event_relation() }} as event
        left any join (
            select
                entity_type,
                quantity,
                arrayJoin([legacy_metric, source_metric]) as name
            from {{ ref('metrics') }}
        ) as names on event.entityType = names.entity_type and event.metricType = names.name
        where event.userId not in (select user_id from {{ ref('excluded_users') }})
    )
{% endmacro %}

{% macro months_to_compare(days) %}
    {#- Of `built_days`: in `dbt build` those not counted yet, and the latest one. -#}
    {%- set latest = run_query(
        "select max(toYYYYMM(day)) as month from " ~ days ~ " where entity_type = ''"
    )[0]['month'] | int -%}
    {%- if flags.WHICH == 'test' -%}
        {%- set months = run_query("select distinct toYYYYMM(day) as month from " ~ days).rows | map(attribute='month') | list -%}
    {%- else -%}
        {%- set months = months_to_count() -%}
    {%- endif -%}
    {{ return((months + [latest]) | unique | sort | join(', ')) }}
{% endmacro %}

{% macro entities_to_compare(days) %}
    {#- A condition: in `dbt build` the entities that this run counted, and a few of the latest month. -#}
    {%- if flags.WHICH == 'test' -%}
        {{- return('true') -}}
    {%- endif -%}
    {%- set touched = touched_entities() -%}
    {#- As text, which is SQL, too. -#}
    {%- set found = run_query(
        "select (select comment from system.tables where database = '" ~ touched.schema ~ "' and name = '"
        ~ touched.identifier ~ "') as note,"
        ~ " toString((select groupArray((toString(entity_type), entity_id)) from ("
        ~ "select entity_type, entity_id from " ~ days
        ~ " where entity_type != '' and toYYYYMM(day) = (select max(toYYYYMM(day)) from " ~ days ~ " where entity_type = '')"
        ~ " limit 1 by entity_type, entity_id limit 20))) as a_few"
    )[0] -%}
    {%- if found['note'] == 'all' -%}
        {{- return('true') -}}
    {%- endif -%}
    {%- set keys -%}
        select toString(entity_type) as entity_type, entity_id from {{ touched }}
        union all
        select key.1, key.2 from (select arrayJoin(cast({{ found['a_few'] }}, 'Array(Tuple(String, Int32))')) as key)
    {%- endset -%}
    {{- return(
        '(entity_id in (select entity_id from (' ~ keys ~ ')) and (toString(entity_type), entity_id) in (' ~ keys ~ '))'
    ) -}}
{% endmacro %}

{% macro bounded_and_early() -%}
    {#- Memory is bounded; conditions, which are on keys alone, come before FINAL. -#}
    max_bytes_before_external_group_by = 1000000000, max_bytes_ratio_before_external_group_by = 0, optimize_move_to_prewhere_if_final = 1
{%- endmacro %}
