{% macro partitions_of(relation, condition) %}
    {%- set rows = run_query(
        'select _partition_id as partition_id, count() as events from ' ~ relation ~ ' where ' ~ condition
        ~ ' group by partition_id order by partition_id'
    ) -%}
    {%- set partitions = {} -%}
    {%- for row in rows -%}
        {%- do partitions.update({row['partition_id'] | string: row['events'] | int}) -%}
    {%- endfor -%}
    {{ return(partitions) }}
{% endmacro %}
