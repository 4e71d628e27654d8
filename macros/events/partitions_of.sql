{% macro partitions_of(relation, condition, distributed=false) %}
    {%- set rows = run_query(
        'select ' ~ ("'all'" if distributed else '_partition_id') ~ ' as partition_id, count() as events from ' ~ relation ~ ' where ' ~ condition
        ~ ' group by partition_id order by partition_id'
    ) -%}
    {%- set partitions = {} -%}
    {%- for row in rows -%}
        {%- do partitions.update({row['partition_id'] | string: row['events'] | int}) -%}
    {%- endfor -%}
    {{ return(partitions) }}
{% endmacro %}
