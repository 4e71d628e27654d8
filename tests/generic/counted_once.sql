{#-
    No metric of an entity type is counted from the metric tables (version 3) and from the source events (version 1) at once. One
    quantity under two names counts as one metric. A failure means that both were published: name in the var `counted_from` which one
    is wanted, run the job of the other, which withdraws its events, and then the wanted one.
-#}
{% test counted_once(model) %}
    {% if execute %}
        {%- set node = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
            | selectattr('alias', 'equalto', model.identifier) | selectattr('schema', 'equalto', model.schema) | first -%}
        {%- set slice = node.config.meta.slice -%}
        {%- set pairs = counterparts(slice) -%}
        {%- set other = {'metric_tables': 'source_events', 'source_events': 'metric_tables'}[slice.counted_from] -%}
        {%- set event_table = event_relation() -%}
        {%- set own_metrics, other_metrics, quantities = {}, {}, [] -%}
        {%- for pair in pairs -%}
            {%- do own_metrics.update({pair.entity_type: own_metrics.get(pair.entity_type, []) + [pair.metric_type]}) -%}
            {%- do other_metrics.update({pair.entity_type: other_metrics.get(pair.entity_type, []) + [pair.counterpart]}) -%}
            {%- do quantities.append(pair.entity_type ~ ' ' ~ pair.counterpart) -%}
        {%- endfor -%}
        {%- set canonical = pairs | map(attribute='metric_type') | list -%}
        select
            entity_type,
            metric_type,
            sumIf(events, is_own) as {{ slice.counted_from }}_events,
            sumIf(events, not is_own) as {{ other }}_events
        from (
            {%- if pairs and table_exists(event_table) %}
                select
                    toString(entityType) as entity_type,
                    toString(metricType) as metric_type,
                    count() as events,
                    true as is_own
                from {{ event_table }}
                where {{ slice_condition({'counted_from': slice.counted_from, 'metrics': own_metrics}) }}
                group by entity_type, metric_type
                union all
                select
                    toString(entityType) as entity_type,
                    transform(
                        entity_type || ' ' || toString(metricType), {{ quantities }}, {{ canonical }}, toString(metricType)
                    ) as metric_type,
                    count() as events,
                    false as is_own
                from {{ event_table }}
                where {{ slice_condition({'counted_from': other, 'metrics': other_metrics}) }}
                group by entity_type, metric_type
            {%- else %}
                select '' as entity_type, '' as metric_type, 0 as events, true as is_own
                from {{ model }}
                where false
            {%- endif %}
        )
        group by entity_type, metric_type
        having
            sumIf(events, is_own) > 0
            and sumIf(events, not is_own) > 0
    {% endif %}
{% endtest %}
