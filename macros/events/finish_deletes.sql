{% macro finish_deletes(event_table, mark) %}
    {%- set unfinished -%}
        select mutation_id, latest_fail_reason
        from system.mutations
        where
            database = '{{ event_table.schema }}' and table = '{{ event_table.identifier }}'
            and not is_done and position(command, '\'{{ mark }}\'') > 0
    {%- endset -%}
    {%- for attempt in range(1, 100000) -%}
        {%- set mutations = run_query(unfinished) -%}
        {% if not mutations | length %}{{ return('') }}{% endif %}
        {%- for mutation in mutations if mutation['latest_fail_reason'] and 'ABORTED' not in mutation['latest_fail_reason'] -%}
            {{ exceptions.raise_compiler_error(
                "The old slice could not be deleted from " ~ event_table ~ ": " ~ mutation['latest_fail_reason'] ~ ". ClickHouse tries "
                ~ "again by itself; see system.mutations for " ~ mutation['mutation_id'] ~ ", then run this again."
            ) }}
        {%- endfor -%}
        {% do run_query('select sleep(' ~ [attempt / 100, 1] | min ~ ')') %}
    {%- endfor -%}
{% endmacro %}
