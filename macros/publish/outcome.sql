{#- What publishing would do, may not do, and did. -#}

{% macro preview_slice(event_table, events, slice) %}
    {#- Logs what a real run of these rows would delete and insert. Returns how many events it would publish. -#}
    {%- set there -%}
        {%- if table_exists(event_table) -%}
            select entityType, metricType, metricValue, 0 as is_new from {{ event_table }} where {{ stale_rows(slice) }}
            union all
        {%- endif -%}
    {%- endset -%}
    {%- set rows = run_query(
        'select toString(entityType) as entity_type, toString(metricType) as metric_type,'
        ~ ' countIf(not is_new) as old_events, sumIf(metricValue, not is_new) as old_total,'
        ~ ' countIf(is_new) as new_events, sumIf(metricValue, is_new) as new_total from ('
        ~ there ~ ' select entityType, metricType, metricValue, 1 as is_new from ' ~ events ~ ' where ' ~ slice.counted
        ~ ') group by entity_type, metric_type order by entity_type, metric_type'
    ).rows -%}
    {%- set sample = run_query(
        'select ' ~ event_columns() ~ ' from ' ~ events ~ ' where ' ~ slice.counted ~ ' limit 1 by entityType, metricType limit 5'
    ) -%}
    {%- set lines = [
        slice.label ~ ': trial, nothing is published. In ' ~ event_table ~ ' a real run of these ranges would'
    ] -%}
    {%- for row in rows -%}
        {%- do lines.append(
            '  %-12s %-20s delete %s events (total %s), insert %s events (total %s)' | format(
                row['entity_type'], row['metric_type'], '{:,}'.format(row['old_events'] | int),
                '{:,}'.format(row['old_total'] | int), '{:,}'.format(row['new_events'] | int),
                '{:,}'.format(row['new_total'] | int)
            )
        ) -%}
    {%- endfor -%}
    {%- do lines.append('  sample: ' ~ sample.column_names | join(', ')) -%}
    {%- for row in sample -%}
        {%- do lines.append('          ' ~ row.values() | join(', ')) -%}
    {%- endfor -%}
    {% do log(lines | join('\n'), info=true) %}
    {{ return(rows | map(attribute='new_events') | map('int') | sum) }}
{% endmacro %}

{% macro assert_slice_not_shrunk(event_table, slice, before, after) %}
    {#- Of what is there only that counts which this job goes on to count: what it leaves to the other is meant to go. -#}
    {% do assert_not_shrunk(
        'The slice of ' ~ slice.label ~ ' in ' ~ event_table,
        before | map(attribute='kept_events') | map('int') | sum, after | map(attribute='events') | map('int') | sum,
        before | map(attribute='kept_total') | map('int') | sum, after | map(attribute='total') | map('int') | sum
    ) %}
{% endmacro %}

{% macro pick_events(picked, events, slice, months) %}
    {#- A table with nothing but the events to publish of these months, so that they can be attached in one step. -#}
    {% do adapter.drop_relation(picked) %}
    {% do create_event_table(picked, is_slice=true) %}
    {% call statement('pick_events') %}{{ insert_events(picked, events, slice.counted, months) }}{% endcall %}
{% endmacro %}

{% macro assert_published(event_table, events, slice, facts, stale, after, plan) %}
    {#- Counts what is there now, always. Returns the number of events. -#}
    {%- set expected = after | map(attribute='events') | map('int') | sum -%}
    {%- set counting = 'select toYYYYMM(createdAt) as month, count() as events from ' ~ event_table ~ ' where ' ~ stale
        ~ ' group by month settings select_sequential_consistency = 1' -%}
    {%- set there = counts_by_month(counting) -%}
    {%- set lost = (plan.own + plan.picked) | reject('in', there) | list -%}
    {% if lost and facts.engine in ['ReplicatedMergeTree', 'SharedMergeTree'] %}
        {#- Such a table takes an attached part that equals one just deleted for a repetition. Rows are not taken so. -#}
        {% call statement('insert_lost') %}{{ insert_events(event_table, events, slice.counted, lost) }}{% endcall %}
        {%- do there.update(counts_by_month(counting)) -%}
    {% endif %}
    {%- set published = there.values() | sum -%}
    {% if published != expected %}
        {{ exceptions.raise_compiler_error(
            event_table ~ " holds " ~ published ~ " events of the slice of " ~ slice.label ~ " after publishing " ~ expected
            ~ ": somebody else writes " ~ written_by(slice.job) ~ " there; stop that, and run this again."
        ) }}
    {% endif %}
    {{ return(published) }}
{% endmacro %}

{% macro create_publish_log() %}
    {#- Returns the table. -#}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set log_table = api.Relation.create(schema=target.schema, identifier='publish_log', type='table',
        can_on_cluster=adapter.get_clickhouse_cluster_name() is not none) -%}
    {% call statement('create_publish_log') %}
        create table if not exists {{ log_table }} {{ on_cluster_clause(log_table) }} (
            run_id String comment 'dbt''s invocation id',
            published_at DateTime64(3, 'UTC') default now64(3),
            model LowCardinality(String) comment 'The publish node',
            job LowCardinality(String) comment 'metric_tables or source_events',
            strategy LowCardinality(String) comment 'How it was published: replace or append',
            entity_type LowCardinality(String),
            metric_type LowCardinality(String),
            month UInt32 comment 'Year and month of createdAt, such as 202501; 0 for what is left to the other job, as a whole',
            is_counted Bool comment 'Whether this job counts it',
            events_before UInt64 comment 'In the event table before publishing, under either job''s version',
            total_before Int64,
            events_after UInt64 comment 'There after it; of what is left to the other job, what the event model holds',
            total_after Int64
        )
        engine = {{ 'ReplicatedMergeTree' if adapter.get_clickhouse_cluster_name() else 'MergeTree' }}
        order by (model, run_id, entity_type, metric_type, month)
        ttl toDateTime(published_at) + interval 90 day
    {% endcall %}
    {{ return(log_table) }}
{% endmacro %}

{% macro log_publishing(events, slice, before, after) %}
    {#- A row for each month and metric that was or is there; of what is left to the other job, how much there is. -#}
    {%- set log_table = create_publish_log() -%}
    {%- set columns = 'run_id, model, job, strategy, entity_type, metric_type, month, is_counted, '
        ~ 'events_before, total_before, events_after, total_after' -%}
    {%- set run = "'" ~ invocation_id ~ "', '" ~ model.name ~ "', '" ~ slice.job ~ "', 'replace'" -%}
    {%- set rows = {} -%}
    {%- for side, when in [(before, 'before'), (after, 'after')] -%}
        {%- for row in side -%}
            {%- set key = sql_text(row['entity_type']) ~ ', ' ~ sql_text(row['metric_type']) ~ ', ' ~ row['month'] -%}
            {%- do rows.setdefault(key, {}).update({when: row['events'] ~ ', ' ~ row['total']}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {% if rows %}
        {% call statement('log_publishing') %}
            insert into {{ log_table }} ({{ columns }}) values
            {% for key, numbers in rows.items() -%}
                ({{ run }}, {{ key }}, true, {{ numbers.get('before', '0, 0') }}, {{ numbers.get('after', '0, 0') }})
                {{- ',' if not loop.last }}
            {% endfor %}
        {% endcall %}
    {% endif %}
    {% call statement('log_what_was_left') %}
        insert into {{ log_table }} ({{ columns }})
        select {{ run }}, toString(entityType), toString(metricType), 0, false, 0, 0, count(), sum(metricValue)
        from {{ events }}
        where {{ written_by(slice.job) }} and not ({{ slice.counted }})
        group by entityType, metricType
    {% endcall %}
{% endmacro %}

{% macro last_strategy(name) %}
    {#- How a node was published last; none, if never. -#}
    {%- set last = run_query(
        "select strategy from " ~ create_publish_log() ~ " where model = '" ~ name ~ "' order by published_at desc limit 1"
    ).rows -%}
    {{ return(last[0]['strategy'] | string if last else none) }}
{% endmacro %}
