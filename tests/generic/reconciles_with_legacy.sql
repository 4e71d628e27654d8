{#-
    The published slice equals the staged snapshot, entity by entity and metric by metric. The mapping is the seed's, not the
    model's, so that one mistake cannot hide in both. A row for every metric of the catalog is stored, whether it agrees or not;
    the test fails by the number of entities that differ. A failure means that the event table does not say what the legacy
    table said when it was staged: compare one of `sample_entity_ids` in both.
-#}
{% test reconciles_with_legacy(model) %}
    {{ config(fail_calc='sum(entities_that_differ)') }}
    {% if execute %}
        {%- set checked = event_model(model) -%}
        {%- set metric_types = checked.catalog.metrics.values() | list -%}
        with signed as (
            {%- for legacy_column, metric_type in checked.catalog.metrics.items() %}
                select
                    toUInt8({{ loop.index }}) as metric,
                    {{ checked.meta.entity_id }} as entity_id,
                    toInt64({{ legacy_column }}) as legacy_value,
                    toInt64(0) as event_value
                from {{ checked.snapshot }}
                where {{ legacy_column }} != 0
                union all
                {#- a row that changes no sum, so that a metric without events is listed, too #}
                select toUInt8({{ loop.index }}), 0, 0, 0
                union all
            {%- endfor %}
            select
                toUInt8(indexOf(['{{ metric_types | join("', '") }}'], metricType)),
                entityId,
                0,
                toInt64(metricValue)
            from {{ published_slice(checked) }}
        ),

        entities as (
            select
                metric,
                entity_id,
                sum(legacy_value) as legacy_value,
                sum(event_value) as event_value
            from signed
            group by metric, entity_id
        )

        select
            '{{ checked.catalog.entity_type }}' as entity_type,
            ['{{ metric_types | join("', '") }}'][metric] as metric_type,
            sum(legacy_value) as legacy_total,
            sum(event_value) as event_total,
            legacy_total - event_total as difference,
            countIf(legacy_value != event_value) as entities_that_differ,
            groupArrayIf(10)(entity_id, legacy_value != event_value) as sample_entity_ids
        from entities
        group by metric
        order by metric_type
        settings max_bytes_before_external_group_by = 134217728
    {% endif %}
    {% do ref('metric_catalog') %}
{% endtest %}
