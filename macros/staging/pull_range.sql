{% macro pull_range(pull_relation, pull_sql, step, steps) %}
    {#- What an interrupted INSERT left of this range goes first: it is the only content of its partition. -#}
    {% call statement('drop_unfinished_range') %}
        alter table {{ pull_relation }} {{ on_cluster_clause(pull_relation) }} drop partition {{ step.range_number }}
    {% endcall %}
    {% call statement('pull_range') %}
        insert into {{ pull_relation }}
        {% for filter in range_conditions(step, steps) %}
            select *, {{ step.range_number }} as _range from (
                {{ pull_sql | replace(range_filter(), filter) }}
            )
            {% if not loop.last %} union all {% endif %}
        {% endfor %}
        settings
            max_insert_threads = {{ step.bounds | length - 1 }},
            min_insert_block_size_rows = 262144
    {% endcall %}
    {%- set rows = run_query(
        'select count() as pulled_rows from ' ~ pull_relation ~ ' where _range = ' ~ step.range_number
    )[0][0] | int -%}
    {% call statement('record_range') %}
        insert into {{ pull_ledger() }}
            (pull_id, relation, fingerprint, range_number, bounds, expected_rows, pulled_rows)
        values
            ('{{ step.pull_id }}', '{{ this.identifier }}', '{{ step.fingerprint }}', {{ step.range_number }}, [], 0, {{ rows }})
    {% endcall %}
    {{ return(rows) }}
{% endmacro %}
