{#- How a pull is divided: statistics or a sample of the keys, the keys that split them, the conditions of a range. -#}

{% macro range_filter() -%}
    true /* range_filter */
{%- endmacro %}


{% macro plan_pull(pull_relation, pull_sql, origin, fingerprint) %}
    {%- set has_key = config.meta_get('range_key') is not none -%}
    {%- set streams = [var('pull_streams') | int, 1] | max -%}
    {%- set range_rows = var('range_size') | int -%}

    {#- The table's statistics first, as far as they are sure; then what lies above their last key (all of it, if none). -#}
    {%- set known = split_points(
        key_statistics(origin, [range_rows // streams, 1] | max), range_rows, streams
    ) if has_key and origin.schema is not none else none -%}
    {%- set last_key = known.last_key if known else none -%}
    {%- set above = split_points(key_sample(pull_sql, last_key), range_rows, streams)
        if has_key and not (known and known.is_complete) else {'bounds': [], 'expected_rows': 0} -%}
    {%- set inner = (known.bounds if known else []) + ([last_key] if above.bounds else []) + above.bounds -%}
    {%- set inner = inner | reject('none') | unique | sort -%}
    {%- set expected_rows = (known.expected_rows if known else 0) + above.expected_rows -%}

    {%- set all_bounds = range_bounds(inner, streams) -%}
    {%- set pull_id = table_uuid(pull_relation) -%}
    {%- set steps = [] -%}
    {%- for bounds in all_bounds -%}
        {%- do steps.append({
            'pull_id': pull_id,
            'fingerprint': fingerprint,
            'range_number': loop.index0,
            'bounds': bounds,
            'expected_rows': expected_rows // all_bounds | length,
            'pulled_rows': none,
            'is_new': true
        }) -%}
    {%- endfor -%}
    {% do record_ranges(steps) %}
    {{ return(steps) }}
{% endmacro %}


{% macro split_points(points, range_rows, streams) %}
    {%- set row = run_query(split_points_query(points, range_rows, streams))[0] -%}
    {{ return({
        'bounds': fromjson(row['bounds']),
        'expected_rows': row['expected_rows'] | int,
        'last_key': row['last_key'] | int if row['points'] | int else none,
        'is_complete': row['points'] | int > 0 and row['reaches_all'] | int == 1
    }) }}
{% endmacro %}


{% macro split_points_query(points, range_rows, streams) %}
    {{ return(
        "
        select
            toJSONString(arraySort(arrayDistinct(arrayFilter(b -> b < last_key, arrayFlatten(groupArray(splits)))))) as bounds,
            toInt64(round(sum(weight))) as expected_rows,
            max(key) as last_key,
            toUInt8(max(is_complete)) as reaches_all,
            count() as points
        from (
            select
                key,
                weight,
                is_complete,
                sum(weight) over () as total,
                greatest(greatest(round(total / " ~ range_rows ~ "), total >= 100000 * " ~ streams ~ ") * " ~ streams ~ ", 1) as parts,
                total / parts as rows_each,
                sum(weight) over (order by key, low rows unbounded preceding) as upto,
                upto - weight as before,
                arrayMap(
                    n -> low + toInt64((key - low) * greatest(n * rows_each - before, 0) / weight),
                    range(toUInt64(before / rows_each) + 1, toUInt64(least(upto / rows_each + 1, parts)))
                ) as splits
            from (" ~ points ~ ")
            where weight > 0
        )
        "
    ) }}
{% endmacro %}


{% macro key_statistics(origin, rows_each) %}
    {%- set points -%}
        with key_stats as (
            select
                c.reltuples::float8 * (1 - s.null_frac) as row_count,
                s.histogram_bounds::text::bigint[] as bounds,
                s.most_common_vals::text::bigint[] as common_values,
                s.most_common_freqs as common_shares,
                coalesce((select sum(share) from unnest(s.most_common_freqs) as share), 0) as common_share,
                not pg_is_in_recovery() and pg_stat_get_mod_since_analyze(c.oid) < {{ rows_each }} as is_fresh
            from pg_stats as s
            inner join pg_namespace as n on s.schemaname = n.nspname
            inner join pg_class as c on n.oid = c.relnamespace and s.tablename = c.relname
            where
                s.schemaname = {{ postgres_literal(origin.schema) }}
                and s.tablename = {{ postgres_literal(origin.table) }}
                and s.attname = {{ postgres_literal(config.meta_require('range_key')) }}
                and c.reltuples > 0
            order by s.inherited desc
            limit 1
        ),

        histogram as (
            select
                lag(bound) over (order by bound) as low,
                bound as key,
                row_count * (1 - common_share) / (cardinality(bounds) - 1) as weight
            from key_stats, unnest(bounds) as bound
        )

        {#- The last bucket reaches to the largest key and is where rows come in: unless few have, it is left to the sample. -#}
        select low, key, weight, is_fresh
        from histogram, key_stats
        where low is not null and (is_fresh or key < (select max(key) from histogram))
        union all
        select value, value, share * row_count, is_fresh
        from key_stats, unnest(common_values, common_shares) as common (value, share)
        where is_fresh or value <= (select max(low) from histogram)
    {%- endset -%}
    {{ return(
        'select assumeNotNull(low) as low, assumeNotNull(key) as key, assumeNotNull(weight) as weight, '
        ~ 'assumeNotNull(is_fresh) as is_complete from ' ~ in_postgres(origin.collection, points)
    ) }}
{% endmacro %}


{% macro key_sample(pull_sql, above) %}
    {%- set key = adapter.quote(config.meta_require('range_key')) -%}
    {%- set filter = '1 = 1' if above is none else key ~ ' > ' ~ above -%}
    {{ return(
        'select arrayJoin(keys) as low, low as key, key_count / length(keys) as weight, true as is_complete from ('
        ~ 'select groupArraySample(100000, 1)(toInt64(' ~ key ~ ')) as keys, count() as key_count from ('
        ~ pull_sql | replace(range_filter(), filter) ~ '))'
    ) }}
{% endmacro %}


{#- `streams` neighbours make one range: its streams are pulled side by side. -#}
{% macro range_bounds(inner, streams) %}
    {%- set edges = [none] + inner + [none] -%}
    {%- set all_bounds = [] -%}
    {%- for first in range(0, edges | length - 1, streams) -%}
        {%- do all_bounds.append(edges[first:first + streams + 1]) -%}
    {%- endfor -%}
    {{ return(all_bounds) }}
{% endmacro %}


{% macro range_conditions(step) %}
    {%- set key = adapter.quote(config.meta_get('range_key', '')) -%}
    {%- set conditions = [] -%}
    {%- for n in range(step.bounds | length - 1) -%}
        {%- set lower = step.bounds[n] -%}
        {%- set upper = step.bounds[n + 1] -%}
        {%- set parts = [] -%}
        {%- if lower is not none -%}{%- do parts.append(key ~ ' > ' ~ lower) -%}{%- endif -%}
        {%- if upper is not none -%}{%- do parts.append(key ~ ' <= ' ~ upper) -%}{%- endif -%}
        {%- do conditions.append('(' ~ (parts | join(' and ') or '1 = 1') ~ ')') -%}
    {%- endfor -%}
    {{ return(conditions) }}
{% endmacro %}
