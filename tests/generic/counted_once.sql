{#-
    Every quantity of the seed `metrics` is counted by the job that the seed and the var `counted_from` name, by that one alone, and
    is there if there is anything to count. `problem` says what is wrong. Counted by both, or by the other: run the job that is
    to count it, which withdraws the other's events. Missing: run that job, or name the other one in `counted_from`.
-#}
{% test counted_once(model) %}
    {% if execute %}
        {%- set log_table = api.Relation.create(schema=target.schema, identifier='publish_log') -%}
        with registry as {{ registry() }},

        there as (
            select
                entity_type,
                quantity,
                countIf(version = 3 and user_id = -1) as metric_tables_events,
                countIf(version = 1) as source_events_events
            from {{ model }}
            where version = 1 or (version = 3 and user_id = -1)
            group by entity_type, quantity
        ),

        {#- What each job last said that it has, counted or left to the other. -#}
        had as (
            select
                entity_type,
                metric_type,
                job,
                sum(events_after) as events
            from {{ log_table }}
            where (model, run_id) in (select model, argMax(run_id, published_at) from {{ log_table }} group by model)
            group by entity_type, metric_type, job
        )

        select
            registry.entity_type as entity_type,
            registry.quantity as quantity,
            registry.job as counted_from,
            there.metric_tables_events as metric_tables_events,
            there.source_events_events as source_events_events,
            multiIf(
                metric_tables_events > 0 and source_events_events > 0, 'counted by both jobs',
                registry.job = 'metric_tables' and source_events_events > 0, 'counted by source_events, not by metric_tables',
                registry.job = 'source_events' and metric_tables_events > 0, 'counted by metric_tables, not by source_events',
                metric_tables_events + source_events_events = 0 and coalesce(legacy.events, 0) + coalesce(source.events, 0) > 0,
                'missing: ' || registry.job || ' has none, ' || if(
                    coalesce(source.events, 0) > 0, 'source_events has ' || toString(source.events),
                    'metric_tables has ' || toString(legacy.events)
                ),
                ''
            ) as problem
        from registry
        left join there
            on registry.entity_type = there.entity_type and registry.quantity = there.quantity
        left join had as legacy
            on registry.entity_type = legacy.entity_type and registry.legacy_metric = legacy.metric_type
            and legacy.job = 'metric_tables'
        left join had as source
            on registry.entity_type = source.entity_type and registry.source_metric = source.metric_type
            and source.job = 'source_events'
        where registry.entity_type != '*' and problem != ''
        order by entity_type, quantity
    {% endif %}
    {% do ref('metrics') %}
{% endtest %}
