{% macro record_ranges(steps) %}
    {% call statement('record_ranges') %}
        insert into {{ pull_ledger() }}
            (pull_id, relation, fingerprint, range_number, bounds, expected_rows, pulled_rows)
        values
        {% for step in steps %}
            (
                '{{ step.pull_id }}', '{{ this.identifier }}', '{{ step.fingerprint }}', {{ step.range_number }},
                {{ tojson(step.bounds) }}, {{ step.expected_rows }}, {{ 'null' if step.pulled_rows is none else step.pulled_rows }}
            )
            {{- ',' if not loop.last }}
        {% endfor %}
    {% endcall %}
{% endmacro %}
