{% macro plan_pull(pull_relation, pull_sql, pulled_source, fingerprint) %}
    {%- set has_key = config.meta_get('range_key') is not none -%}
    {%- set streams = [var('pull_streams') | int, 1] | max -%}
    {%- set range_rows = var('range_size') | int -%}

    {#- The table's statistics first, as far as they are sure; then what lies above their last key (all of it, if none). -#}
    {%- set known = split_points(
        key_statistics(pulled_source, model.sources[0], [range_rows // streams, 1] | max), range_rows, streams
    ) if has_key and target_runs_source_queries() else none -%}
    {%- set last_key = known.last_key if known else none -%}
    {%- set above = split_points(key_sample(pull_sql, last_key), range_rows, streams)
        if has_key and not (known and known.is_complete) else {'bounds': [], 'expected_rows': 0} -%}
    {%- set inner = (known.bounds if known else []) + ([last_key] if above.bounds else []) + above.bounds -%}
    {%- set inner = inner | reject('none') | unique | sort -%}
    {%- set expected_rows = (known.expected_rows if known else 0) + above.expected_rows -%}

    {#- `streams` neighbours make one range: its streams are pulled side by side. -#}
    {%- set edges = [none] + inner + [none] -%}
    {%- set firsts = range(0, edges | length - 1, streams) -%}
    {%- set pull_id = table_uuid(pull_relation) -%}
    {%- set steps = [] -%}
    {%- for first in firsts -%}
        {%- do steps.append({
            'pull_id': pull_id,
            'fingerprint': fingerprint,
            'range_number': loop.index0,
            'bounds': edges[first:first + streams + 1],
            'expected_rows': expected_rows // firsts | length,
            'pulled_rows': none,
            'is_new': true
        }) -%}
    {%- endfor -%}
    {% do record_ranges(steps) %}
    {{ return(steps) }}
{% endmacro %}
