{#-
    The strategy `append`: what differs between the event model and the event table is appended as corrective events; nothing is deleted.
    The table itself is the state, so that a killed run is made good by the next one.
-#}

{% macro append_slice(event_table, events, slice) %}
    {#- Returns how many events were appended; in a trial, how many would be. -#}
    {%- set facts = event_table_facts(event_table, events) -%}
    {% do assert_publishable(event_table, facts, slice) %}
    {% do finish_deletes(event_table, model.unique_id) %}
    {% do assert_counted_by_one(event_table, slice) %}
    {%- set corrections = beside(this, 'corrections') -%}
    {% do find_corrections(event_table, events, slice, corrections) %}
    {%- set found = run_query(corrections_by_metric(corrections)).rows -%}
    {%- set appended = found | map(attribute='events') | map('int') | sum -%}
    {% do assert_corrections_allowed(event_table, slice, found) %}
    {% if is_trial() %}
        {% do preview_corrections(event_table, slice, corrections, found) %}
    {% else %}
        {%- set counting = 'select count() from ' ~ event_table ~ ' where ' ~ slice.counted ~ ' settings select_sequential_consistency = 1' -%}
        {%- set before = run_query(counting)[0][0] | int -%}
        {% if appended %}
            {% do renew_lease(model.name, event_table.schema) %}
            {% call statement('append_corrections') %}
                insert into {{ event_table }} ({{ event_columns() }})
                select {{ event_columns() }}
                from {{ corrections }}
                settings {{ insert_without_deduplication() }}, max_partitions_per_insert_block = 0
            {% endcall %}
        {% endif %}
        {%- set after = run_query(counting)[0][0] | int -%}
        {% if after != before + appended %}
            {{ exceptions.raise_compiler_error(
                event_table ~ " holds " ~ after ~ " events of the slice of " ~ slice.label ~ " after " ~ appended ~ " were appended to " ~ before
                ~ ": somebody else writes " ~ written_by(slice.job) ~ " there; stop that, and run this again, which makes it good."
            ) }}
        {% endif %}
        {% do log_appending(event_table, slice, corrections) %}
        {% do log(
            "%s: appended %s events to %s, %s of them corrections" | format(
                model.name, '{:,}'.format(appended), event_table, '{:,}'.format(found | map(attribute='corrections') | map('int') | sum)
            ), info=true
        ) %}
    {% endif %}
    {% do adapter.drop_relation(corrections) %}
    {{ return(appended) }}
{% endmacro %}

{% macro beside(relation, name) %}
    {#- A table that belongs to a node. -#}
    {{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__' ~ name}, type='table')) }}
{% endmacro %}

{% macro live_versions() %}
    {#- As SQL has a list; '' if there are none. -#}
    {{ return(var('live_versions') | join(', ')) }}
{% endmacro %}

{% macro sides_to_compare(event_table, events, slice) %}
    {#-
        What the model says and, with the opposite sign, what the event table says, under the metric types of the slice. With live
        versions their events count, too, under any of a quantity's names; then the model is taken whole, beyond the cutoff as well.
    -#}
    {%- set said = slice.counted_by_model if live_versions() else slice.counted -%}
    {%- set there = '(' ~ slice.counted -%}
    {%- if live_versions() -%}
        {%- set live = 'version in (' ~ live_versions() ~ ') and not ' ~ ('(' ~ written_by('metric_tables') ~ ')') -%}
        {%- set there = there ~ ' or (' ~ live ~ ' and ' ~ slice.any_name ~ ')' -%}
    {%- endif -%}
    select entityType, entityId, userId, metricType, createdAt, metricValue, toInt8(1) as side
    from {{ events }}
    where {{ said }}
    union all
    {#- Totals of metric tables are nobody's, whoever made the events since. #}
    select
        entityType,
        entityId,
        {{ 'toInt32(-1)' if slice.job == 'metric_tables' else 'userId' }},
        {{ slice.own_name if live_versions() else 'metricType' }},
        createdAt,
        metricValue,
        toInt8(-1)
    from {{ event_table }}
    where {{ there }})
{% endmacro %}

{% macro find_corrections(event_table, events, slice, corrections) %}
    {#- Fills a table with the events to append. -#}
    {%- set differences = beside(this, 'differences') -%}
    {%- set sides = sides_to_compare(event_table, events, slice) -%}
    {% call statement('create_differences') %}
        create or replace table {{ differences }} {{ on_cluster_clause(differences) }} (
            entityType LowCardinality(String),
            entityId Int32,
            userId Int32,
            metricType LowCardinality(String),
            difference Int64
        )
        engine = MergeTree
        order by (entityType, entityId, userId, metricType)
    {% endcall %}
    {% for ids in entity_ranges(events) %}
        {% do renew_lease(model.name, event_table.schema) if not is_trial() %}
        {% call statement('find_differences') %}
            insert into {{ differences }}
            {{ differences_between(sides, ids) }}
            settings max_insert_threads = 2
        {% endcall %}
    {% endfor %}
    {% if live_versions() and not is_trial() %}{% do keep_what_matured(differences) %}{% endif %}
    {%- set last = last_publishing() -%}
    {% call statement('find_corrections') %}
        create or replace table {{ corrections }} {{ on_cluster_clause(corrections) }}
        engine = MergeTree
        order by (entityType, entityId, createdAt)
        as
        with new_rows as (
            {#- Row by row: what the model has after the last publishing and the table has not, under the row's own time. #}
            select
                entityType,
                entityId,
                userId,
                metricType,
                metricValue,
                createdAt,
                sum(side) as missing
            from ({{ sides }}) as sides
            where
                entityId in (select entityId from {{ differences }})
                and (entityType, entityId, userId, metricType) in (
                    select entityType, entityId, userId, metricType from {{ differences }}
                )
                and createdAt > toDateTime64('{{ last }}', 3, 'UTC')
            group by entityType, entityId, userId, metricType, metricValue, createdAt
            having missing > 0
        ),

        the_rest as (
            select
                entityType,
                entityId,
                userId,
                metricType,
                sum(part) as rest
            from (
                select entityType, entityId, userId, metricType, difference as part from {{ differences }}
                union all
                select entityType, entityId, userId, metricType, -toInt64(metricValue) * missing from new_rows
            )
            group by entityType, entityId, userId, metricType
            having rest != 0
        )

        select
            entityType,
            entityId,
            userId,
            metricType,
            metricValue,
            createdAt,
            toUInt8({{ slice.version }}) as version,
            false as is_correction
        from new_rows
        array join range(toUInt32(missing)) as copy

        union all
        {#- After the last publishing, whatever the clock says. A sum beyond Int32 takes several events. #}
        select
            entityType,
            entityId,
            userId,
            metricType,
            toInt32(part) as metricValue,
            toDateTime(toUnixTimestamp(greatest(now('UTC'), toDateTime('{{ last[:19] }}', 'UTC') + 1))) as createdAt,
            toUInt8({{ slice.version }}) as version,
            true as is_correction
        from the_rest
        array join arrayFilter(
            part -> part != 0,
            arrayPushBack(
                arrayWithConstant(intDiv(abs(rest), 2147483647), sign(rest) * 2147483647),
                sign(rest) * (abs(rest) % 2147483647)
            )
        ) as part
    {% endcall %}
    {% do adapter.drop_relation(differences) %}
{% endmacro %}

{% macro differences_between(sides, ids) %}
    {#-
        Keys whose sums differ. First entities, by a sum of values times a hash of their key, which is zero only if every key's sum is;
        then keys, of those entities alone.
    -#}
    with touched as (
        select any(entityId) as id
        from ({{ sides }}) as sides
        where {{ ids }}
        group by {{ entity_number('entityType', 'entityId') }}
        having {{ by_key('userId, metricType', 'metricValue * side') }} != 0
    )

    select
        entityType,
        entityId,
        userId,
        metricType,
        sum(toInt64(metricValue) * side) as difference
    from ({{ sides }}) as sides
    where {{ ids }} and entityId in (select id from touched)
    group by entityType, entityId, userId, metricType
    having difference != 0
{% endmacro %}

{% macro entity_ranges(events) %}
    {#- Conditions on entityId that divide the model into parts of so many rows as fit into memory. -#}
    {%- set parts = (count_rows(events) / var('follow_rows') | int) | round(0, 'ceil') | int -%}
    {% if parts <= 1 %}{{ return(['true']) }}{% endif %}
    {%- set levels = [] -%}
    {%- for part in range(1, parts) -%}{%- do levels.append(part / parts) -%}{%- endfor -%}
    {%- set bounds = run_query(
        'select arrayJoin(arrayDistinct(quantiles(' ~ levels | join(', ') ~ ')(entityId))) as bound from ' ~ events ~ ' order by bound'
    ).rows | map(attribute='bound') | map('int') | unique | list -%}
    {%- set conditions = ['entityId < ' ~ bounds[0]] -%}
    {%- for bound in bounds -%}
        {%- do conditions.append(
            'entityId >= ' ~ bound ~ (' and entityId < ' ~ bounds[loop.index] if not loop.last else '')
        ) -%}
    {%- endfor -%}
    {{ return(conditions) }}
{% endmacro %}

{% macro keep_what_matured(differences) %}
    {#-
        A live event may be on its way: a difference counts when a look at least `repair_margin` ago found the same. What was found
        now is kept for the next look.
    -#}
    {%- set pending = beside(this, 'pending') -%}
    {% call statement('create_pending') %}
        create table if not exists {{ pending }} {{ on_cluster_clause(pending) }} (
            entityType LowCardinality(String),
            entityId Int32,
            userId Int32,
            metricType LowCardinality(String),
            difference Int64,
            first_seen DateTime('UTC') comment 'When this difference was first found'
        )
        engine = MergeTree
        order by (entityType, entityId, userId, metricType)
    {% endcall %}
    {% call statement('keep_pending') %}
        create or replace table {{ pending }} {{ on_cluster_clause(pending) }}
        engine = MergeTree
        order by (entityType, entityId, userId, metricType)
        as
        select
            now.entityType as entityType,
            now.entityId as entityId,
            now.userId as userId,
            now.metricType as metricType,
            now.difference as difference,
            if(before.first_seen > toDateTime(0, 'UTC'), before.first_seen, now('UTC')) as first_seen
        from {{ differences }} as now
        left join {{ pending }} as before
            on now.entityType = before.entityType and now.entityId = before.entityId and now.userId = before.userId
            and now.metricType = before.metricType and now.difference = before.difference
        settings join_use_nulls = 0
    {% endcall %}
    {% call statement('keep_what_matured') %}
        create or replace table {{ differences }} {{ on_cluster_clause(differences) }}
        engine = MergeTree
        order by (entityType, entityId, userId, metricType)
        as
        select entityType, entityId, userId, metricType, difference
        from {{ pending }}
        where first_seen <= now('UTC') - {{ var('repair_margin') }}
    {% endcall %}
{% endmacro %}

{% macro last_publishing() %}
    {#- When this node was last published, in UTC; the beginning of time, if never. -#}
    {{ return(run_query(
        "select toString(max(published_at)) as published_at from " ~ create_publish_log() ~ " where model = '" ~ model.name ~ "'"
    )[0]['published_at']) }}
{% endmacro %}

{% macro corrections_by_metric(corrections) %}
    {#- What is appended under a row's own time is no correction. -#}
    select
        toString(entityType) as entity_type,
        toString(metricType) as metric_type,
        count() as events,
        sum(metricValue) as total,
        countIf(is_correction) as corrections,
        -sumIf(metricValue, is_correction and metricValue < 0) as removed
    from {{ corrections }}
    group by entityType, metricType
    order by entity_type, metric_type
{% endmacro %}

{% macro assert_counted_by_one(event_table, slice) %}
    {#- What changed hands has to be withdrawn, which appending does not do. -#}
    {%- set withdrawn = '(' ~ slice.own ~ ') and not (' ~ slice.counted ~ ')' -%}
    {%- set withdrawn = withdrawn ~ ' or ' ~ slice.foreign if slice.foreign else withdrawn -%}
    {% if run_query('select count() from (select 1 from ' ~ event_table ~ ' where ' ~ withdrawn ~ ' limit 1)')[0][0] | int %}
        {{ exceptions.raise_compiler_error(
            "In " ~ event_table ~ " the other job still counts what " ~ slice.label ~ " is to count, or the other way round: run this once "
            ~ "with the strategy replace, which withdraws it, as by `dbt run --select " ~ model.name ~ "`."
        ) }}
    {% endif %}
{% endmacro %}

{% macro assert_corrections_allowed(event_table, slice, found) %}
    {#- A source that is half restored, or read amiss, must not be taken for one that changed so much. -#}
    {%- set corrections = found | map(attribute='corrections') | map('int') | sum -%}
    {% if corrections > var('max_corrections') | int %}
        {{ exceptions.raise_compiler_error(
            slice.label ~ " would get " ~ '{:,}'.format(corrections) ~ " corrective events, and max_corrections allows "
            ~ '{:,}'.format(var('max_corrections') | int) ~ ": look at them by a dry run; if they are right, allow more by the var "
            ~ "max_corrections (of the command line: --max-corrections). Nothing was appended."
        ) }}
    {% endif %}
    {%- set removed = found | map(attribute='removed') | map('int') | sum -%}
    {% if removed %}
        {%- set there = run_query(
            'select sum(metricValue) as total from ' ~ event_table ~ ' where ' ~ slice.counted
        )[0]['total'] | int -%}
        {% do assert_not_shrunk('The slice of ' ~ slice.label ~ ' in ' ~ event_table, there, there - removed) %}
    {% endif %}
{% endmacro %}

{% macro preview_corrections(event_table, slice, corrections, found) %}
    {#- Logs what a real run would append: numbers by entity type and metric, and the first fifty. -#}
    {%- set lines = [slice.label ~ ': trial, nothing is published. A real run would append to ' ~ event_table] -%}
    {%- for row in found -%}
        {%- do lines.append(
            '  %-12s %-20s %s events (total %s), %s of them corrections' | format(
                row['entity_type'], row['metric_type'], '{:,}'.format(row['events'] | int), '{:,}'.format(row['total'] | int),
                '{:,}'.format(row['corrections'] | int)
            )
        ) -%}
    {%- endfor -%}
    {%- if live_versions() -%}
        {%- do lines.append('  where the same is still found ' ~ var('repair_margin') ~ ' s later (var repair_margin)') -%}
    {%- endif -%}
    {%- set sample = run_query(
        'select ' ~ event_columns() ~ ' from ' ~ corrections ~ ' order by is_correction desc, entityType, entityId, metricType, userId limit 50'
    ) -%}
    {%- do lines.append('  ' ~ sample.column_names | join(', ')) if found else lines.append('  nothing') -%}
    {%- for row in sample -%}
        {%- do lines.append('  ' ~ row.values() | join(', ')) -%}
    {%- endfor -%}
    {% do log(lines | join('\n'), info=true) %}
{% endmacro %}

{% macro log_appending(event_table, slice, corrections) %}
    {#- A row for each month and metric that was appended to, and one that says when the comparison was made. -#}
    {%- set log_table = create_publish_log() -%}
    {%- set run = "'" ~ invocation_id ~ "', '" ~ model.name ~ "', '" ~ slice.job ~ "', 'append'" -%}
    {% call statement('log_appending') %}
        insert into {{ log_table }} (
            published_at, run_id, model, job, strategy, entity_type, metric_type, month, is_counted,
            events_before, total_before, events_after, total_after
        )
        {#- Not before its own corrections. #}
        with (
            select greatest(now64(3, 'UTC'), toDateTime64(maxIf(createdAt, is_correction), 3, 'UTC')) from {{ corrections }}
        ) as done_at

        select
            done_at,
            {{ run }},
            '' as entity_type,
            '' as metric_type,
            toUInt32(0) as month,
            true as is_counted,
            toUInt64(0) as events_before,
            toInt64(0) as total_before,
            toUInt64(0) as events_after,
            toInt64(0) as total_after

        union all
        select
            done_at,
            {{ run }},
            added.entity_type,
            added.metric_type,
            added.month,
            true,
            there.events - added.events,
            there.total - added.total,
            there.events,
            there.total
        from (
            select
                toString(entityType) as entity_type,
                toString(metricType) as metric_type,
                toYYYYMM(createdAt) as month,
                count() as events,
                sum(metricValue) as total
            from {{ corrections }}
            group by entity_type, metric_type, month
        ) as added
        inner join (
            select
                toString(entityType) as entity_type,
                toString(metricType) as metric_type,
                toYYYYMM(createdAt) as month,
                count() as events,
                sum(metricValue) as total
            from {{ event_table }}
            where {{ slice.counted }} and toYYYYMM(createdAt) in (select toYYYYMM(createdAt) from {{ corrections }})
            group by entity_type, metric_type, month
        ) as there on added.entity_type = there.entity_type and added.metric_type = there.metric_type and added.month = there.month
    {% endcall %}
{% endmacro %}

{% macro differences_left(published, events) %}
    {#- A query: what the sums of the slice and of its model differ by, but for what waits to be found a second time. -#}
    {%- set slice = slice_of(model_node(events), published.identifier) -%}
    {%- set pending = beside(published, 'pending') -%}
    select *
    from ({{ differences_between(sides_to_compare(event_relation(), events, slice), 'true') }})
    {%- if table_exists(pending) %}
        where (entityType, entityId, userId, metricType, difference) not in (
            select entityType, entityId, userId, metricType, difference from {{ pending }}
        )
    {%- endif %}
{% endmacro %}
