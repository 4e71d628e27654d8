{#- The event table: where it is, what it is, and what must be so before anything is published into it. -#}

{% macro event_relation() %}
    {{ return(api.Relation.create(
        schema=var('event_database') or target.schema, identifier=var('event_table'), type='table'
    )) }}
{% endmacro %}

{% macro before_event_table_view() %}
    {#- What the view and its tests read. -#}
    {% if not execute %}{{ return('') }}{% endif %}
    {% do create_publish_log() %}
    {% do assert_event_table() %}
{% endmacro %}

{% macro assert_event_table() %}
    {#- Returns it. -#}
    {%- set event_table = event_relation() -%}
    {% if not table_exists(event_table) %}{% do no_event_table(event_table) %}{% endif %}
    {{ return(event_table) }}
{% endmacro %}

{% macro no_event_table(event_table) %}
    {{ exceptions.raise_compiler_error(
        "There is no event table " ~ event_table ~ ": publish something first, or name it by the vars event_table and event_database."
    ) }}
{% endmacro %}

{% macro assert_exclusions_fit() %}
    {#- The totals of the metric tables are events of the user -1: who leaves that one out leaves out everything. -#}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set seed = assert_seed_loaded('excluded_users') -%}
    {% if run_query('select count() from ' ~ seed ~ ' where user_id = -1')[0][0] | int %}
        {{ exceptions.raise_compiler_error(
            "seeds/excluded_users.csv has the user -1, whose events are the totals of the metric tables: take the row out, and run `dbt seed`."
        ) }}
    {% endif %}
{% endmacro %}

{% macro create_event_table(event_table, is_slice=false) %}
    {%- set cluster = adapter.get_clickhouse_cluster_name() -%}
    {% call statement('create_event_table') %}
        create table if not exists {{ event_table }} {{ 'on cluster ' ~ cluster if cluster }} (
            entityType LowCardinality(String),
            entityId Int32,
            userId Int32,
            metricType LowCardinality(String),
            metricValue Int32,
            createdAt DateTime,
            version UInt8 default 2
        )
        engine = {{ 'ReplicatedMergeTree' if cluster and not is_slice else 'MergeTree' }}
        partition by toYYYYMM(createdAt)
        order by (entityType, entityId, createdAt)
    {% endcall %}
{% endmacro %}

{% macro event_table_facts(event_table, events) %}
    {%- set described -%}
        select
            any(t.engine) as engine,
            any(t.engine_full) as engine_full,
            any(t.sorting_key) as sorting_key,
            replaceRegexpOne(any(t.partition_key), '^\\((.*)\\)$', '\\1') as partition_key,
            partition_key || ' | ' || any(t.sorting_key) || ' | ' || any(t.primary_key) as keys,
            arrayStringConcat(arraySort(groupArray(c.name || ' ' || c.type)), ', ') as columns,
            arrayStringConcat(any(t.dependencies_table), ', ') as dependents,
            (
                select count() from system.data_skipping_indices
                where database = '{{ event_table.schema }}' and table = '{{ event_table.identifier }}'
            ) + (
                select count() from system.projections
                where database = '{{ event_table.schema }}' and table = '{{ event_table.identifier }}'
            ) as extras,
            t.database = '{{ event_table.schema }}' and t.name = '{{ event_table.identifier }}' as is_event_table
        from system.tables as t
        inner join system.columns as c on t.database = c.database and t.name = c.table
        where
            (t.database = '{{ event_table.schema }}' and t.name = '{{ event_table.identifier }}')
            or (t.database = '{{ events.schema }}' and t.name = '{{ events.identifier }}')
        group by t.database, t.name
        order by is_event_table desc
    {%- endset -%}
    {%- set rows = run_query(described) -%}
    {%- set old, new = rows[0], rows[1] -%}
    {%- set sharded = distributed_table(old['engine_full']) -%}
    {%- set obstacle -%}
        {%- if old['engine'] not in ['MergeTree', 'ReplicatedMergeTree', 'SharedMergeTree'] -%} takes no partitions
        {%- elif old['keys'] != new['keys'] or old['columns'] != new['columns'] -%} has other keys or columns than {{ events }}
        {%- elif old['extras'] | int -%} has skip indices or projections, which {{ events }} has not
        {%- elif old['dependents'] -%} feeds {{ old['dependents'] }}, which attached partitions would not reach
        {%- endif -%}
    {%- endset -%}
    {{ return({
        'engine': old['engine'],
        'sorting_key': old['sorting_key'],
        'columns': old['columns'],
        'dependents': old['dependents'],
        'by_month': old['partition_key'] == 'toYYYYMM(createdAt)' and not sharded,
        'cluster': sharded.cluster if sharded else none,
        'local_table': adapter.quote(sharded.schema) ~ '.' ~ adapter.quote(sharded.identifier) if sharded else none,
        'obstacle': obstacle | trim,
        'attachable': not obstacle | trim
    }) }}
{% endmacro %}

{% macro distributed_table(engine_full) %}
    {#- What is behind a Distributed table; none where it is no such table. -#}
    {%- set found = modules.re.match("^Distributed\\('?([^',]+)'?, '?([^',]+)'?, '?([^',)]+)'?", engine_full | string) -%}
    {{ return({'cluster': found.group(1), 'schema': found.group(2), 'identifier': found.group(3)} if found else none) }}
{% endmacro %}

{% macro assert_publishable(event_table, facts, slice) %}
    {%- for column in event_columns().split(', ') -%}
        {%- if not (', ' ~ facts.columns).count(', ' ~ column ~ ' ') -%}
            {{ exceptions.raise_compiler_error(
                "Event table " ~ event_table ~ " has no column " ~ column ~ ", without which its slice cannot be told apart: "
                ~ "add it, or name another table by the vars event_table and event_database."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {#- An engine that merges rows of equal key would merge metrics of one entity, unless the metric is in the key; and events of
        one second, whatever the key. -#}
    {%- set key = facts.sorting_key.replace(' ', '').split(',') -%}
    {%- set merges = facts.engine not in ['MergeTree', 'ReplicatedMergeTree', 'SharedMergeTree', 'Distributed'] -%}
    {%- if merges and not facts.engine.endswith('MergeTree') -%}
        {{ exceptions.raise_compiler_error(
            "Event table " ~ event_table ~ " is a " ~ facts.engine ~ ", from which a slice cannot be deleted: name a MergeTree by the vars "
            ~ "event_table and event_database."
        ) }}
    {%- elif merges and slice.job == 'source_events' -%}
        {{ exceptions.raise_compiler_error(
            "Event table " ~ event_table ~ " is a " ~ facts.engine ~ ", which would merge events that are alike, as two of one user in "
            ~ "one second: name a MergeTree by the vars event_table and event_database."
        ) }}
    {%- elif merges and not ('entityType' in key and 'entityId' in key and 'metricType' in key and 'userId' in key) -%}
        {{ exceptions.raise_compiler_error(
            "Event table " ~ event_table ~ " is a " ~ facts.engine ~ " ordered by (" ~ facts.sorting_key
            ~ "), which would merge different metrics of one entity: use a MergeTree, or a key with entityType, entityId, metricType and userId."
        ) }}
    {%- endif -%}
{% endmacro %}

{% macro finish_deletes(event_table, mark) %}
    {#- Waits for deletes that carry the mark, those of a killed run included, and not for ever. -#}
    {%- set unfinished -%}
        select mutation_id, latest_fail_reason
        from system.mutations
        where
            database = '{{ event_table.schema }}' and table = '{{ event_table.identifier }}'
            and not is_done and position(command, '\'{{ mark }}\'') > 0
    {%- endset -%}
    {%- set limit = var('delete_timeout') | int -%}
    {%- set waited = namespace(seconds=0.0, told=0) -%}
    {%- for attempt in range(1, limit + 1000) if waited.seconds < limit -%}
        {%- set mutations = run_query(unfinished).rows -%}
        {% if not mutations | length %}{{ return('') }}{% endif %}
        {%- for mutation in mutations if mutation['latest_fail_reason'] and 'ABORTED' not in mutation['latest_fail_reason'] -%}
            {{ exceptions.raise_compiler_error(
                "The old slice could not be deleted from " ~ event_table ~ ": " ~ mutation['latest_fail_reason'] ~ ". ClickHouse tries "
                ~ "again by itself; see system.mutations for " ~ mutation['mutation_id'] ~ ", then run this again."
            ) }}
        {%- endfor -%}
        {%- set seconds = [attempt / 100, 1] | min -%}
        {%- set waited.seconds = waited.seconds + seconds -%}
        {% if waited.seconds // 30 > waited.told %}
            {%- set waited.told = waited.seconds // 30 -%}
            {% do log(model.name ~ ': waiting for a delete in ' ~ event_table ~ ', ' ~ waited.seconds | int ~ ' s so far', info=true) %}
        {% endif %}
        {% do run_query('select sleep(' ~ seconds ~ ')') %}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(
        "A delete in " ~ event_table ~ " did not end within " ~ limit ~ " s: see system.mutations, and run this again when it has, "
        ~ "or allow more by the var delete_timeout."
    ) }}
{% endmacro %}
