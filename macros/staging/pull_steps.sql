{% macro pull_steps(pull_relation, fingerprint) %}
    {%- set rows = run_query(
        "
        select
            pull_id,
            range_number,
            toJSONString(argMax(bounds, length(bounds))) as bounds,
            max(expected_rows) as expected_rows,
            max(pulled_rows) as pulled_rows
        from " ~ pull_ledger() ~ "
        where
            fingerprint = '" ~ fingerprint ~ "'
            and pull_id in (
                select toString(uuid) from system.tables
                where database = '" ~ pull_relation.schema ~ "' and name = '" ~ pull_relation.identifier ~ "'
            )
        group by pull_id, range_number
        order by range_number
        "
    ) -%}
    {%- set steps = [] -%}
    {%- for row in rows -%}
        {%- do steps.append({
            'pull_id': row['pull_id'],
            'fingerprint': fingerprint,
            'range_number': row['range_number'] | int,
            'bounds': fromjson(row['bounds']),
            'expected_rows': row['expected_rows'] | int,
            'pulled_rows': none if row['pulled_rows'] is none else row['pulled_rows'] | int
        }) -%}
    {%- endfor -%}
    {{ return(steps) }}
{% endmacro %}
