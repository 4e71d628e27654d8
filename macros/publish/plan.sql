{#- What differs between the slice and the event table, month by month, and the statements that make it equal. -#}

{% macro months_of(relation, condition, kept='true', fingerprints=true) %}
    {#-
        A row a month, entity type and metric type: events, total, fingerprint of the events (0 where nobody asks), and of how many
        the condition `kept` holds, with their total. A decision hangs on it: no stale replica may answer.
    -#}
    {{ return(run_query(
        "select toYYYYMM(createdAt) as month, entityType as entity_type, metricType as metric_type,"
        ~ " count() as events, sum(metricValue) as total,"
        ~ ("sum(cityHash64(entityId, userId, metricValue, toUnixTimestamp(createdAt), version))" if fingerprints else "0")
        ~ " as fingerprint,"
        ~ " countIf(" ~ kept ~ ") as kept_events, sumIf(metricValue, " ~ kept ~ ") as kept_total"
        ~ " from " ~ relation ~ " where " ~ condition ~ " group by month, entity_type, metric_type"
        ~ " order by month, entity_type, metric_type settings select_sequential_consistency = 1"
    ).rows) }}
{% endmacro %}

{% macro publishing_plan(before, after, rows_by_month) %}
    {#-
        before, after: rows of `months_of`; rows_by_month: what the event model holds in all. Returns months: `delete`, what is there
        and differs; `own`, to be taken whole from the event model; `picked`, of which the event model holds more than is published.
    -#}
    {%- set sides = {} -%}
    {%- for rows, side in [(before, 'before'), (after, 'after')] -%}
        {%- for row in rows -%}
            {%- set month = sides.setdefault(row['month'] | int, {'before': [], 'after': [], 'events': 0}) -%}
            {%- do month[side].append(
                [row['entity_type'], row['metric_type'], row['events'] | int, row['fingerprint'] | string]
            ) -%}
            {%- do month.update({'events': month.events + row['events'] | int}) if side == 'after' -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set plan = {'delete': [], 'own': [], 'picked': []} -%}
    {%- for month, sides in sides.items() | sort if sides.before != sides.after -%}
        {%- do plan.delete.append(month) if sides.before -%}
        {%- do plan['own' if rows_by_month.get(month) == sides.events else 'picked'].append(month) if sides.after -%}
    {%- endfor -%}
    {{ return(plan) }}
{% endmacro %}

{% macro rows_by_month(events) %}
    {{ return(counts_by_month(
        "select partition_id as month, sum(rows) as events from system.parts where active and database = '" ~ events.schema
        ~ "' and table = '" ~ events.identifier ~ "' group by partition_id"
    )) }}
{% endmacro %}

{% macro counts_by_month(query) %}
    {%- set months = {} -%}
    {%- for row in run_query(query).rows -%}{%- do months.update({row['month'] | int: row['events'] | int}) -%}{%- endfor -%}
    {{ return(months) }}
{% endmacro %}

{% macro publishing_statements(event_table, stale, mark, facts, plan, events, picked, counted) %}
    {%- set statements = [] -%}
    {#- An attach by another thread interrupts deletes of a plain MergeTree; the statement that waits for one then fails. -#}
    {%- set waiting = ' settings lightweight_deletes_sync = 0' if facts.engine == 'MergeTree' else '' -%}
    {%- set marked = stale ~ " and '" ~ mark ~ "' != ''" -%}
    {%- if facts.local_table and plan.delete -%}
        {#- Sharded: the rows to delete are in the local tables; the new ones are spread by the Distributed table. -#}
        {%- do statements.append(
            'delete from ' ~ facts.local_table ~ " on cluster '" ~ facts.cluster ~ "' where " ~ in_months(plan.delete, false)
            ~ ' and ' ~ marked
        ) -%}
    {%- elif plan.delete | length == 1 and facts.by_month -%}
        {%- do statements.append('delete from ' ~ event_table ~ " in partition id '" ~ plan.delete[0] ~ "' where " ~ marked ~ waiting) -%}
    {%- elif plan.delete -%}
        {#- One statement, since each makes a new version of every part of the table, whatever its partition. -#}
        {%- do statements.append(
            'delete from ' ~ event_table ~ ' where ' ~ in_months(plan.delete, facts.by_month) ~ ' and ' ~ marked ~ waiting
        ) -%}
    {%- endif -%}
    {%- if facts.attachable -%}
        {%- set attached = [] -%}
        {%- for relation, months in [(events, plan.own), (picked, plan.picked)] -%}
            {%- for month in months -%}
                {%- do attached.append("attach partition id '" ~ month ~ "' from " ~ relation) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do statements.append('alter table ' ~ event_table ~ ' ' ~ attached | join(', ')) if attached -%}
    {%- elif plan.own or plan.picked -%}
        {%- do statements.append(insert_events(event_table, events, counted, plan.own + plan.picked)) -%}
    {%- endif -%}
    {{ return(statements) }}
{% endmacro %}

{% macro insert_events(into, events, condition, months) %}
    {{- return(
        'insert into ' ~ into ~ ' (' ~ event_columns() ~ ') select ' ~ event_columns() ~ ' from ' ~ events
        ~ ' where ' ~ in_months(months, false) ~ ' and ' ~ condition ~ ' settings ' ~ insert_without_deduplication()
        ~ ', max_insert_threads = 2, max_partitions_per_insert_block = 0'
    ) -}}
{% endmacro %}

{% macro in_months(months, by_partition) %}
    {{- return(
        "_partition_id in ('" ~ months | join("', '") ~ "')" if by_partition else 'toYYYYMM(createdAt) in (' ~ months | join(', ') ~ ')'
    ) -}}
{% endmacro %}

{% macro insert_without_deduplication() %}
    {#- Replicated and Shared tables drop a block that they have seen before: rows equal to those just deleted. From 26.2 on
        `insert_deduplicate = 0` does nothing, and before it the newer settings do not exist. -#}
    {{- return(
        "deduplicate_insert = 'disable', deduplicate_insert_select = 'disable'" if adapter.is_at_or_after_version('26.2')
        else 'insert_deduplicate = 0'
    ) -}}
{% endmacro %}
