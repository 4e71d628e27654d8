{% macro split_points(points, range_rows, streams) %}
    {%- set row = run_query(
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
                    n -> toInt64(low + (key - low) * greatest(n * rows_each - before, 0) / weight),
                    range(toUInt64(before / rows_each) + 1, toUInt64(least(upto / rows_each + 1, parts)))
                ) as splits
            from (" ~ points ~ ")
            where weight > 0
        )
        "
    )[0] -%}
    {{ return({
        'bounds': fromjson(row['bounds']),
        'expected_rows': row['expected_rows'] | int,
        'last_key': row['last_key'] | int if row['points'] | int else none,
        'is_complete': row['points'] | int > 0 and row['reaches_all'] | int == 1
    }) }}
{% endmacro %}
