{% macro partitions_of(parts, distributed=false, fingerprints=false) %}
    {#- Each part by itself, so that a count without fingerprints is one of whole partitions, which takes no reading. -#}
    {%- set selects = [] -%}
    {%- for relation, condition in parts -%}
        {%- do selects.append(
            'select ' ~ ("'all'" if distributed else '_partition_id') ~ ' as partition_id, count() as events, '
            ~ ('sum(cityHash64(toString(entityType), entityId, userId, toString(metricType), metricValue, toUnixTimestamp(createdAt)))'
                if fingerprints else '0')
            ~ ' as fingerprint from ' ~ relation ~ ' where ' ~ condition ~ ' group by partition_id'
        ) -%}
    {%- endfor -%}
    {%- set partitions = {} -%}
    {%- for row in (run_query(
        'select partition_id, sum(events) as events, toString(sum(fingerprint)) as fingerprint from ('
        ~ selects | join(' union all ') ~ ') group by partition_id order by partition_id'
    ) if parts else []) -%}
        {%- do partitions.update({row[0] | string: [row[1] | int, row[2] | int]}) -%}
    {%- endfor -%}
    {{ return(partitions) }}
{% endmacro %}
