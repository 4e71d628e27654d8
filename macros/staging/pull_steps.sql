{% macro pull_steps(pull_relation, fingerprint) %}
    {%- set pull_id = table_uuid(pull_relation) -%}
    {% if not pull_id %}{{ return([]) }}{% endif %}
    {%- set rows = run_query(
        "
        select
            range_number,
            toJSONString(any(bounds)) as range_bounds,
            any(expected_rows) as expected,
            max(pulled_rows) as pulled
        from " ~ pull_ledger() ~ "
        where relation = '" ~ this.identifier ~ "' and pull_id = '" ~ pull_id ~ "' and fingerprint = '" ~ fingerprint ~ "'
        group by range_number
        order by range_number
        "
    ) -%}
    {%- set steps = [] -%}
    {%- for row in rows -%}
        {%- do steps.append({
            'pull_id': pull_id,
            'fingerprint': fingerprint,
            'range_number': row['range_number'] | int,
            'bounds': fromjson(row['range_bounds']),
            'expected_rows': row['expected'] | int,
            'pulled_rows': none if row['pulled'] is none else row['pulled'] | int
        }) -%}
    {%- endfor -%}
    {{ return(steps) }}
{% endmacro %}
