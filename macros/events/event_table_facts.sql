{% macro event_table_facts(event_table, new_slice) %}
    {%- set described -%}
        select
            any(t.engine) as engine,
            any(t.engine_full) as engine_full,
            any(t.sorting_key) as sorting_key,
            replaceRegexpOne(any(t.partition_key), '^\\((.*)\\)$', '\\1')
                || ' | ' || any(t.sorting_key) || ' | ' || any(t.primary_key) as keys,
            arrayStringConcat(arraySort(groupArray(c.name || ' ' || c.type)), ', ') as columns,
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
            or (t.database = '{{ new_slice.schema }}' and t.name = '{{ new_slice.identifier }}')
        group by t.database, t.name
        order by is_event_table desc
    {%- endset -%}
    {%- set rows = run_query(described) -%}
    {%- set old, new = rows[0], rows[1] -%}
    {%- set distributed = modules.re.match(
        "^Distributed\\('?([^',]+)'?, '?([^',]+)'?, '?([^',)]+)'?", old['engine_full'] | string
    ) -%}
    {{ return({
        'engine': old['engine'],
        'sorting_key': old['sorting_key'],
        'columns': old['columns'],
        'cluster': distributed.group(1) if distributed else none,
        'local_table': adapter.quote(distributed.group(2)) ~ '.' ~ adapter.quote(distributed.group(3))
            if distributed else none,
        'attachable': old['engine'] in ['MergeTree', 'ReplicatedMergeTree', 'SharedMergeTree']
            and old['keys'] == new['keys'] and old['columns'] == new['columns'] and not old['extras'] | int
    }) }}
{% endmacro %}
