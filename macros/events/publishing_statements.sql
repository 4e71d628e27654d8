{% macro publishing_statements(event_table, condition, facts, plan, own, others) %}
    {%- set statements = [] -%}
    {#- An attach by another thread interrupts deletes of a plain MergeTree; the statement that waits for one then fails. -#}
    {%- set waiting = ' settings lightweight_deletes_sync = 0' if facts.engine == 'MergeTree' else '' -%}
    {%- if facts.local_table and plan.delete -%}
        {#- Sharded: the rows to delete are in the local tables; the new ones are spread by the Distributed table. -#}
        {%- do statements.append('delete from ' ~ facts.local_table ~ " on cluster '" ~ facts.cluster ~ "' where " ~ condition) -%}
    {%- elif plan.delete | length == 1 -%}
        {%- do statements.append('delete from ' ~ event_table ~ " in partition id '" ~ plan.delete[0] ~ "' where " ~ condition ~ waiting) -%}
    {%- elif plan.delete -%}
        {#- One statement, since each makes a new version of every part of the table, whatever its partition. -#}
        {%- do statements.append(
            'delete from ' ~ event_table ~ " where _partition_id in ('" ~ plan.delete | join("', '") ~ "') and " ~ condition ~ waiting
        ) -%}
    {%- endif -%}
    {%- if plan.own and facts.attachable -%}
        {%- set attached = [] -%}
        {%- for partition in plan.own -%}
            {%- do attached.append("attach partition id '" ~ partition ~ "' from " ~ own[0]) -%}
        {%- endfor -%}
        {%- do statements.append('alter table ' ~ event_table ~ ' ' ~ attached | join(', ')) -%}
    {%- endif -%}
    {%- set inserted = [] -%}
    {%- do inserted.append([own, plan.own]) if plan.own and not facts.attachable -%}
    {%- for part in others if plan.others -%}{%- do inserted.append([part, plan.others]) -%}{%- endfor -%}
    {%- set columns = 'entityType, entityId, userId, metricType, metricValue, createdAt, version' -%}
    {%- for part, partitions in inserted -%}
        {%- set which = '' if facts.local_table else "_partition_id in ('" ~ partitions | join("', '") ~ "') and " -%}
        {#- Replicated and Shared tables drop a block that they have seen before: rows equal to those just deleted. -#}
        {%- do statements.append(
            'insert into ' ~ event_table ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ part[0]
            ~ ' where ' ~ which ~ part[1]
            ~ ' settings insert_deduplicate = 0, max_insert_threads = 2, max_partitions_per_insert_block = 0'
        ) -%}
    {%- endfor -%}
    {{ return(statements) }}
{% endmacro %}
