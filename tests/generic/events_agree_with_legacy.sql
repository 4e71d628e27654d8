{#-
    The events of the package, whole (before the cutoff and after it), against the staged legacy tables, entity by entity: for the
    pairs that the seed `event_catalog` marks with `agreement`. Where a legacy table is not staged it is read itself. A row for every
    pair is stored, whether it agrees or not; the test fails by the number of entities that differ. Events of entities that the
    legacy table has no row for are of things that are gone: they are counted, but are no difference. For pairs that differ by
    definition (agreement `differ`) the test is a report, to be configured as a warning.
-#}
{% test events_agree_with_legacy(model, agreement) %}
    {{ config(fail_calc='sum(entities_that_differ)') }}
    {% if execute %}
        {%- set package = package_of(model) -%}
        {%- set pairs = package.catalog | selectattr('agreement', 'equalto', agreement) | list -%}
        {%- set keys, compared = [], [] -%}
        {%- for pair in pairs -%}
            {%- do keys.append(pair.entity_type ~ ' ' ~ pair.metric_type) -%}
            {%- set legacy = legacy_values(package, pair.legacy_table, pair.legacy_column) -%}
            {%- do compared.append(dict(legacy, number=loop.index, value=pair.legacy_column)) if legacy -%}
            {%- if agreement == 'exact' and not legacy -%}
                {%- set in_postgres = api.Relation.create(schema=var('source_database'), identifier=pair.legacy_table) -%}
                {%- if not table_exists(in_postgres) -%}
                    {%- do explain_missing_table(in_postgres, ['postgres', pair.legacy_table]) -%}
                {%- endif -%}
                {{ exceptions.raise_compiler_error(
                    "Legacy table " ~ pair.legacy_table ~ " lacks the column " ~ pair.legacy_column ~ ", which the events of "
                    ~ package.name ~ " are to equal: mark the pair as `differ` in seeds/event_catalog.csv."
                ) }}
            {%- endif -%}
        {%- endfor -%}
        with signed as (
            {%- for legacy in compared %}
                select
                    toUInt8({{ legacy.number }}) as pair,
                    toInt64({{ legacy.entity_id }}) as entity_id,
                    toInt64(ifNull({{ legacy.value }}, 0)) as legacy_value,
                    toInt64(0) as event_value,
                    true as is_legacy
                from {{ legacy.relation }}
                where {{ legacy.where }}
                union all
            {%- endfor %}
            select
                toUInt8(indexOf({{ keys or [''] }}, entityType || ' ' || metricType)) as pair,
                toInt64(entityId) as entity_id,
                toInt64(0) as legacy_value,
                toInt64(metricValue) as event_value,
                false as is_legacy
            from {{ built_events(package, pairs) }}
            where pair > 0
        ),

        entities as (
            select
                pair,
                entity_id,
                sum(legacy_value) as legacy_value,
                sum(event_value) as event_value,
                max(is_legacy) as has_legacy_row
            from signed
            group by pair, entity_id
        )

        select
            {{ (pairs | map(attribute='entity_type') | list) or [''] }}[pair] as entity_type,
            {{ (pairs | map(attribute='metric_type') | list) or [''] }}[pair] as metric_type,
            sumIf(legacy_value, has_legacy_row) as legacy_total,
            sumIf(event_value, has_legacy_row) as event_total,
            legacy_total - event_total as difference,
            {#- A trial of some ranges has not seen all rows. -#}
            {{ '0 *' if var('range_limit') | int }} countIf(has_legacy_row and legacy_value != event_value) as entities_that_differ,
            groupArrayIf(10)(entity_id, has_legacy_row and legacy_value != event_value) as sample_entity_ids,
            countIf(not has_legacy_row) as entities_without_legacy_row,
            sumIf(event_value, not has_legacy_row) as total_without_legacy_row,
            {{ (pairs | map(attribute='reason') | map('replace', "'", "’") | list) or [''] }}[pair] as reason
        from entities
        group by pair
        order by entity_type, metric_type
        settings max_bytes_before_external_group_by = 134217728
    {% endif %}
    {% do ref('event_catalog') %}
{% endtest %}
