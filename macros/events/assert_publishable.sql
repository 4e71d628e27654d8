{% macro assert_publishable(event_table, facts, slice) %}
    {%- for column in ['entityType', 'entityId', 'userId', 'metricType', 'metricValue', 'createdAt', 'version'] -%}
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
    {%- if merges and slice.counted_from == 'source_events' -%}
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
