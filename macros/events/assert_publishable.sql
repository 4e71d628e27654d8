{% macro assert_publishable(event_table, facts) %}
    {%- for column in ['entityType', 'entityId', 'userId', 'metricType', 'metricValue', 'createdAt', 'version'] -%}
        {%- if not (', ' ~ facts.columns).count(', ' ~ column ~ ' ') -%}
            {{ exceptions.raise_compiler_error(
                "Event table " ~ event_table ~ " has no column " ~ column ~ ", without which its slice cannot be told apart: "
                ~ "add it, or name another table by the vars event_table and event_database."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {#- An engine that merges rows of equal key would merge metrics of one entity, unless the metric is in the key. -#}
    {%- set key = facts.sorting_key.replace(' ', '').split(',') -%}
    {%- if 'Distributed' not in facts.engine and facts.engine not in ['MergeTree', 'ReplicatedMergeTree', 'SharedMergeTree']
            and not ('entityType' in key and 'entityId' in key and 'metricType' in key and 'userId' in key) -%}
        {{ exceptions.raise_compiler_error(
            "Event table " ~ event_table ~ " is a " ~ facts.engine ~ " ordered by (" ~ facts.sorting_key
            ~ "), which would merge different metrics of one entity: use a MergeTree, or a key with entityType, entityId, metricType and userId."
        ) }}
    {%- endif -%}
{% endmacro %}
