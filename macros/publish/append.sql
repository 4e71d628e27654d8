{#-
    The strategy `append`: what differs between the event model and the event table is appended as corrective events; nothing is deleted.
    The table itself is the state, so that a killed run is made good by the next one.
-#}

{% macro append_slice(event_table, events, slice) %}
    {#- Returns how many events were appended; in a trial, how many would be. -#}
    {%- set facts = event_table_facts(event_table, events) -%}
    {% do assert_publishable(event_table, facts, slice) %}
    {% do finish_deletes(event_table, model.unique_id) %}
    {%- set before = slice_as_it_is(event_table, slice) -%}
    {%- set corrections = beside(this, 'corrections') -%}
    {% do find_corrections(event_table, events, slice, before.events, corrections) %}
    {%- set found = run_query(corrections_by_metric(corrections)).rows -%}
    {%- set appended = found | map(attribute='events') | map('int') | sum -%}
    {% do assert_corrections_allowed(event_table, slice, found, before.total) %}
    {% if is_trial() %}
        {% do preview_corrections(event_table, slice, corrections, found) %}
    {% else %}
        {% if appended %}
            {% do renew_lease(model.name, event_table.schema) %}
            {% call statement('append_corrections') %}
                insert into {{ event_table }} ({{ event_columns() }})
                select {{ event_columns() }}
                from {{ corrections }}
                settings {{ insert_without_deduplication() }}, max_partitions_per_insert_block = 0
            {% endcall %}
        {% endif %}
        {%- set after = run_query(
            'select count() from ' ~ event_table ~ ' where ' ~ slice.counted ~ ' settings select_sequential_consistency = 1'
        )[0][0] | int -%}
        {% if after != before.events + appended %}
            {{ exceptions.raise_compiler_error(
                event_table ~ " holds " ~ after ~ " events of the slice of " ~ slice.label ~ " after " ~ appended ~ " were appended to "
                ~ before.events ~ ": somebody else writes " ~ written_by(slice.job) ~ " there; stop that, and run this again, which makes it good."
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

{% macro find_corrections(event_table, events, slice, there, corrections) %}
    {#- Fills a table with the events to append. -#}
    {%- set differences = beside(this, 'differences') -%}
    {% do find_differences(event_table, events, slice, there, differences) %}
    {%- set counting = keep_pending(differences) if live_versions() and not is_trial() else keys_that_differ(differences) -%}
    {%- set last = last_publishing() -%}
    {% call statement('find_corrections') %}
        create or replace table {{ corrections }} {{ on_cluster_clause(corrections) }}
        engine = MergeTree
        order by (entityType, entityId, createdAt)
        as
        with keys as (
            {{ counting | trim }}
        ),

        new_rows as (
            {#- Row by row: what the model has after the last publishing and the table has not, under the row's own time. #}
            select
                entityType,
                entityId,
                userId,
                metricType,
                metricValue,
                createdAt,
                missing
            from {{ differences }}
            where
                missing > 0
                and createdAt > toDateTime64('{{ last }}', 3, 'UTC')
                and (entityType, entityId, userId, metricType) in (select entityType, entityId, userId, metricType from keys)
        ),

        the_rest as (
            select
                entityType,
                entityId,
                userId,
                metricType,
                sum(part) as rest
            from (
                select entityType, entityId, userId, metricType, difference as part from keys
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

{% macro slice_as_it_is(event_table, slice) %}
    {#- What changed hands has to be withdrawn, which appending does not do. -#}
    {%- set left = ['(' ~ slice.own ~ ') and not (' ~ slice.counted ~ ')'] if slice.own != slice.counted else [] -%}
    {%- for withdrawn in left + ([slice.foreign] if slice.foreign else []) if has_rows(event_table, withdrawn) -%}
        {{ exceptions.raise_compiler_error(
            "In " ~ event_table ~ " the other job still counts what " ~ slice.label ~ " is to count, or the other way round: run this once "
            ~ "with the strategy replace, which withdraws it, as by `dbt run --select " ~ model.name ~ "`."
        ) }}
    {%- endfor -%}
    {%- set there = run_query(
        'select count() as events, sum(metricValue) as total from ' ~ event_table ~ ' where ' ~ slice.counted
        ~ ' settings select_sequential_consistency = 1'
    )[0] -%}
    {{ return({'events': there['events'] | int, 'total': there['total'] | int}) }}
{% endmacro %}

{% macro assert_corrections_allowed(event_table, slice, found, total) %}
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
    {% do assert_not_shrunk('The slice of ' ~ slice.label ~ ' in ' ~ event_table, total, total - removed) %}
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
