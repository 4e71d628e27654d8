{% macro publishing_statements(event_table, new_slice, condition, facts, old_partitions, new_partitions) %}
    {%- set statements = [] -%}
    {%- if facts.local_table -%}
        {#- Sharded: the rows to delete are in the local tables; the new ones are spread by the Distributed table. -#}
        {%- do statements.append('delete from ' ~ facts.local_table ~ " on cluster '" ~ facts.cluster ~ "' where " ~ condition) -%}
    {%- else -%}
        {%- for partition in old_partitions -%}
            {%- do statements.append(
                'delete from ' ~ event_table ~ " in partition id '" ~ partition ~ "' where " ~ condition
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if facts.attachable -%}
        {%- for partition in new_partitions -%}
            {%- do statements.append(
                'alter table ' ~ event_table ~ " attach partition id '" ~ partition ~ "' from " ~ new_slice
            ) -%}
        {%- endfor -%}
    {%- elif new_partitions -%}
        {%- set columns = 'entityType, entityId, userId, metricType, metricValue, createdAt, version' -%}
        {#- Replicated and Shared tables drop a block that they have seen before: rows equal to those just deleted. -#}
        {%- do statements.append(
            'insert into ' ~ event_table ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ new_slice
            ~ ' settings insert_deduplicate = 0, max_insert_threads = 2'
        ) -%}
    {%- endif -%}
    {{ return(statements) }}
{% endmacro %}
