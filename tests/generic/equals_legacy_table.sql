{#-
    The view with the columns of a legacy table says of each entity what the staged legacy table says, AllTime. A row for each column:
    `equal` entities; `moved_on`, equal but for events of other writers, as the live site; `different` ones. Of what the job metric_tables
    counts none may differ. What the packages count differs by definition, with the reason; their own tests compare it. A comparison of
    nothing fails. A table that is not staged is not compared, with a warning.
-#}
{% test equals_legacy_table(model, snapshot, legacy_table, key) %}
    {% if execute and not table_exists(snapshot) %}
        {% do exceptions.warn(model.identifier ~ " is not compared with " ~ legacy_table ~ ": build " ~ snapshot.identifier ~ " first.") %}
        select '' as problem where false
    {% elif execute %}
        {%- set columns = legacy_columns(legacy_table) -%}
        {%- set names = columns | map(attribute='legacy_column') | list -%}
        {%- set entity_type = columns[0]['entity_type'] -%}
        with sides as (
            select
                {{ key }} as entity_id,
                arrayJoin({{ cells(names) | indent(16) }}) as cell,
                cell.2 as legacy,
                toInt64(0) as shown,
                toInt64(0) as others
            from {{ snapshot }}

            union all
            select
                {{ key }} as entity_id,
                arrayJoin({{ cells(names) | indent(16) }}) as cell,
                0,
                cell.2,
                0
            from {{ model }}
            where timeframe = 'AllTime'

            union all
            select
                entity_id,
                (
                    transform(
                        quantity,
                        ['{{ columns | map(attribute='quantity') | join("', '") }}'],
                        ['{{ names | join("', '") }}'],
                        ''
                    ),
                    0
                ) as cell,
                0,
                0,
                metric_value
            from {{ ref('entity_metric_events') }}
            where entity_type = '{{ entity_type }}' and not (version = 1 or (version = 3 and user_id = -1))
        ),

        entities as (
            select
                cell.1 as legacy_column,
                entity_id,
                sum(sides.legacy) as legacy,
                sum(sides.shown) as shown,
                sum(sides.others) as others
            from sides
            where legacy_column != ''
            group by legacy_column, entity_id
        ),

        columns as (
            select
                legacy_column,
                count() as entities,
                countIf(legacy = shown) as equal,
                countIf(legacy != shown and legacy = shown - others) as moved_on,
                countIf(legacy != shown and legacy != shown - others) as different,
                sum(legacy) as legacy_total,
                sum(shown) as total,
                arraySort(groupArrayIf(10)(entity_id, legacy != shown and legacy != shown - others)) as sample_entity_ids
            from entities
            group by legacy_column
        )

        select
            registry.quantity as quantity,
            columns.legacy_column as legacy_column,
            columns.entities as entities,
            columns.equal as equal,
            columns.moved_on as moved_on,
            columns.different as different,
            columns.legacy_total as legacy_total,
            columns.total as total,
            columns.sample_entity_ids as sample_entity_ids,
            registry.job as counted_from,
            multiIf(
                columns.different = 0, '',
                registry.reason != '', registry.reason,
                registry.job = 'source_events', 'rows up to the cutoff are counted, later ones by whoever writes events',
                ''
            ) as reason,
            multiIf(
                columns.entities = 0, 'nothing to compare',
                registry.job = 'metric_tables' and columns.different > 0, 'entities differ',
                ''
            ) as problem
        from {{ registry() }} as registry
        left join columns on registry.legacy_column = columns.legacy_column
        where registry.legacy_table = '{{ legacy_table }}'
        order by quantity
    {% endif %}
    {% do ref('metrics') %}
    {% do ref('entity_metric_events') %}
{% endtest %}
