{% macro plan_pull(pull_relation, pull_sql, pulled_source, fingerprint) %}
    {%- set streams = [var('pull_streams') | int, 1] | max -%}
    {%- set rows_per_stream = [(var('range_size') | int) // streams, 1] | max -%}

    {#- The table's statistics first, as far as they reach; then what lies above their last key (all of it, if none). -#}
    {%- set known = split_points(key_statistics(pulled_source), rows_per_stream) if target_runs_source_queries() else none -%}
    {%- set last_key = known.last_key if known else none -%}
    {%- set above = split_points(key_sample(pull_sql, last_key), rows_per_stream) -%}
    {%- set inner = (known.bounds + [last_key] if known and above.bounds else known.bounds if known else []) + above.bounds -%}
    {%- set expected = (known.expected_rows if known else 0) + above.expected_rows -%}

    {#- `streams` neighbours make one range: its streams are pulled side by side. -#}
    {%- set edges = [none] + inner + [none] -%}
    {%- set plan = [] -%}
    {%- for first in range(0, edges | length - 1, streams) -%}
        {%- do plan.append(edges[first:first + streams + 1]) -%}
    {%- endfor -%}
    {% call statement('plan_pull') %}
        insert into {{ pull_ledger() }}
            (pull_id, relation, fingerprint, range_number, bounds, expected_rows, pulled_rows)
        with (
            select toString(uuid) from system.tables
            where database = '{{ pull_relation.schema }}' and name = '{{ pull_relation.identifier }}'
        ) as pull_id
        select
            pull_id, '{{ this.identifier }}', '{{ fingerprint }}', range_number,
            JSONExtract(bounds, 'Array(Nullable(Int64))'), {{ expected // plan | length }}, null
        from values('range_number UInt32, bounds String',
            {% for bounds in plan -%}
                ({{ loop.index0 }}, '{{ tojson(bounds) }}'){{ ', ' if not loop.last }}
            {%- endfor %}
        )
    {% endcall %}
{% endmacro %}
