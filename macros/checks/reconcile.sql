{#- The two comparisons with legacy totals that the test `reconciles` makes; see tests/generic/reconciles.sql. -#}

{% macro snapshot_columns(node) %}
    {#- From models/sources: the key of the staged legacy table, and its counts. -#}
    {%- set source = source_node(['postgres', node.config.meta.legacy_table]) -%}
    {{ return(source.columns.keys() | reject('in', [node.config.meta.entity_id, 'timeframe']) | list) }}
{% endmacro %}

{% macro cells(columns, wanted='true') -%}
    {#- An element (column, value) for each count of a row; a column that the source lacks is null, and counts as zero. -#}
    arrayFilter(cell -> {{ wanted }}, arrayZip(
        ['{{ columns | join("', '") }}'],
        [{% for column in columns %}toInt64(ifNull({{ column }}, 0)){{ ', ' if not loop.last }}{% endfor %}]
    ))
{%- endmacro %}

{% macro compare_with_snapshot(events, node, snapshot) %}
    {#- Sums, numbers and hashes of all cells first; entity by entity only those quantities whose sums of hashes differ. -#}
    {%- set key = node.config.meta.entity_id -%}
    {%- set columns = snapshot_columns(node) -%}
    with registry as (
        select entity_type, quantity, legacy_metric, legacy_column
        from {{ ref('metrics') }}
        where legacy_table = '{{ node.config.meta.legacy_table }}'
    ),

    legacy_sums as (
        select
            arrayJoin(arrayZip(
                ['{{ columns | join("', '") }}'],
                [{% for column in columns %}countIf(ifNull({{ column }}, 0) != 0){{ ', ' if not loop.last }}{% endfor %}],
                [{% for column in columns %}sum(toInt64(ifNull({{ column }}, 0))){{ ', ' if not loop.last }}{% endfor %}],
                [
                    {%- for column in columns %}
                        sumIf(cityHash64({{ key }}, toInt64(ifNull({{ column }}, 0))), ifNull({{ column }}, 0) != 0){{ ',' if not loop.last }}
                    {%- endfor %}
                ]
            )) as sums,
            count() as legacy_rows
        from {{ snapshot }}
    ),

    event_sums as (
        select
            toString(metricType) as metric_type,
            count() as events,
            sum(metricValue) as total,
            sum(cityHash64(entityId, toInt64(metricValue))) as fingerprint
        from {{ events }}
        where metricValue != 0
        group by metric_type
    ),

    compared as (
        select
            registry.entity_type as entity_type,
            registry.quantity as quantity,
            registry.legacy_metric as metric_type,
            registry.legacy_column as legacy_column,
            legacy.sums.2 as legacy_cells,
            legacy.sums.3 as legacy_total,
            legacy.legacy_rows as legacy_rows,
            event.events as events,
            event.total as event_total,
            legacy.sums.4 = event.fingerprint and legacy_cells = events as is_equal
        from registry
        left join legacy_sums as legacy on registry.legacy_column = legacy.sums.1
        left join event_sums as event on registry.legacy_metric = event.metric_type
    ),

    {#- Nothing is read here where all is equal. #}
    entities as (
        select
            metric_type,
            entity_id,
            sum(legacy_value) as legacy_value,
            sum(event_value) as event_value,
            sum(events) as events
        from (
            select
                registry.legacy_metric as metric_type,
                entity_id,
                cell.2 as legacy_value,
                0 as event_value,
                0 as events
            from (
                select
                    toInt64({{ key }}) as entity_id,
                    arrayJoin({{ cells(columns, 'cell.2 != 0') }}) as cell
                from {{ snapshot }}
                where (select countIf(not is_equal) from compared) > 0
            ) as legacy
            inner join registry on cell.1 = registry.legacy_column
            where cell.1 in (select legacy_column from compared where not is_equal)
            union all
            select toString(metricType), toInt64(entityId), 0, toInt64(metricValue), 1
            from {{ events }}
            where
                metricValue != 0
                and (select countIf(not is_equal) from compared) > 0
                and metricType in (select metric_type from compared where not is_equal)
        )
        group by metric_type, entity_id
    ),

    differing as (
        select
            metric_type,
            count() as entities,
            countIf(legacy_value != event_value) as entities_that_differ,
            countIf(legacy_value = event_value and events > 1) as entities_counted_twice,
            arraySort(groupArrayIf(10)(entity_id, legacy_value != event_value or events > 1)) as sample_entity_ids
        from entities
        group by metric_type
    )

    select
        c.entity_type as entity_type,
        c.quantity as quantity,
        'exact' as agreement,
        c.legacy_total as legacy_total,
        c.event_total as event_total,
        c.legacy_total - c.event_total as difference,
        if(c.is_equal, c.legacy_cells, d.entities) as entities_compared,
        entities_compared - d.entities_that_differ as entities_equal,
        d.entities_that_differ as entities_that_differ,
        toUInt64(0) as entities_overcounted,
        toUInt64(0) as entities_newer,
        toUInt64(0) as entities_without_legacy_row,
        if(entities_compared = 0, 1, round(entities_equal / entities_compared, 4)) as coverage,
        d.sample_entity_ids as sample_entity_ids,
        '' as reason,
        multiIf(
            c.legacy_rows = 0, 'nothing to compare with: the staged table has no rows',
            d.entities_that_differ > 0, 'entities differ',
            d.entities_counted_twice > 0, 'entities have several events',
            ''
        ) as problem
    from compared as c
    left join differing as d on c.metric_type = d.metric_type
    order by entity_type, quantity
    settings max_bytes_before_external_group_by = 134217728
{% endmacro %}

{% macro legacy_relation(table) %}
    {#-
        Not by `source`: dbt lets a node wait for a test only if all that the test depends on is upstream of it, and no publish node
        depends on the legacy tables. With `source`, a package would be published whatever the test says.
    -#}
    {%- set node = source_node(['postgres', table]) -%}
    {% if not node %}
        {{ exceptions.raise_compiler_error(
            "models/sources declares no legacy table " ~ table ~ ": correct the test's `legacy`."
        ) }}
    {% endif %}
    {{ return(api.Relation.create(schema=node.schema, identifier=node.identifier)) }}
{% endmacro %}

{% macro compare_with_legacy(events, package, legacy) %}
    {#- The legacy tables are read as they are now: later than the package's sources, if not by much. -#}
    with registry as (
        select entity_type, quantity, source_metric, legacy_table, legacy_column, agreement, reason
        from {{ ref('metrics') }}
        where package = '{{ package }}' and agreement != 'none'
    ),

    legacy_cells as (
        {%- for table, columns in legacy.items() %}
        select
            '{{ table }}' as legacy_table,
            toInt64({{ columns[0] }}) as entity_id,
            arrayJoin({{ cells(columns[1:]) }}) as cell
        from {{ legacy_relation(table) }}
        where timeframe = 'AllTime'
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    entities as (
        select
            entity_type,
            metric_type,
            entity_id,
            sum(legacy_value) as legacy_value,
            sum(event_value) as event_value,
            sum(settled_value) as settled_value,
            max(is_legacy) as has_legacy_row,
            multiIf(
                not has_legacy_row, 'only in events',
                legacy_value = event_value, 'equal',
                legacy_value between least(settled_value, event_value) and greatest(settled_value, event_value), 'newer',
                legacy_value > event_value, 'overcounted',
                'different'
            ) as class
        from (
            select
                registry.entity_type as entity_type,
                registry.source_metric as metric_type,
                entity_id,
                cell.2 as legacy_value,
                toInt64(0) as event_value,
                toInt64(0) as settled_value,
                true as is_legacy
            from legacy_cells
            inner join registry on legacy_cells.legacy_table = registry.legacy_table and cell.1 = registry.legacy_column
            union all
            {#- What happened in the last minutes, the legacy table may not have yet. #}
            select
                toString(entityType),
                toString(metricType),
                toInt64(entityId),
                0,
                sum(metricValue),
                sumIf(metricValue, createdAt < now() - interval 10 minute),
                false
            from {{ events }}
            where (entityType, metricType) in (select entity_type, source_metric from registry)
            group by entityType, metricType, entityId
        )
        group by entity_type, metric_type, entity_id
    ),

    classes as (
        select
            entity_type,
            metric_type,
            sumIf(legacy_value, has_legacy_row) as legacy_total,
            sumIf(event_value, has_legacy_row) as event_total,
            countIf(has_legacy_row) as legacy_rows,
            {#- Zeros on both sides prove nothing: with them, a quantity that few entities have could be missing altogether. #}
            countIf(has_legacy_row and (legacy_value != 0 or event_value != 0)) as entities_compared,
            countIf(class = 'equal' and legacy_value != 0) as entities_equal,
            countIf(class = 'different') as entities_that_differ,
            countIf(class = 'overcounted') as entities_overcounted,
            countIf(class = 'newer') as entities_newer,
            countIf(class = 'only in events') as entities_without_legacy_row,
            arraySort(groupArrayIf(10)(entity_id, class in ('different', 'overcounted'))) as sample_entity_ids
        from entities
        group by entity_type, metric_type
    )

    select
        r.entity_type as entity_type,
        r.quantity as quantity,
        r.agreement as agreement,
        c.legacy_total as legacy_total,
        c.event_total as event_total,
        c.legacy_total - c.event_total as difference,
        c.entities_compared as entities_compared,
        c.entities_equal as entities_equal,
        c.entities_that_differ as entities_that_differ,
        c.entities_overcounted as entities_overcounted,
        c.entities_newer as entities_newer,
        c.entities_without_legacy_row as entities_without_legacy_row,
        if(c.entities_compared = 0, 1, round(c.entities_equal / c.entities_compared, 4)) as coverage,
        c.sample_entity_ids as sample_entity_ids,
        r.reason as reason,
        multiIf(
            {{ var('range_limit') }} > 0, '',
            c.legacy_rows = 0, 'nothing to compare with: ' || r.legacy_table || ' has no AllTime rows, or the test does not read '
            || r.legacy_column,
            r.agreement = 'differ', '',
            c.entities_that_differ > 0, 'entities differ',
            c.entities_without_legacy_row > c.legacy_rows, 'most entities have no legacy row',
            coverage < {{ var('min_coverage') }}, 'too few entities are equal (see the var min_coverage)',
            ''
        ) as problem
    from registry as r
    left join classes as c on r.entity_type = c.entity_type and r.source_metric = c.metric_type
    order by entity_type, quantity
    settings max_bytes_before_external_group_by = 134217728
{% endmacro %}
