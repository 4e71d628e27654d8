{% macro pull_range(pull_relation, pull_sql, step) %}
    {% if not step.is_new %}
        {#- An INSERT whose client is gone may still run on a server; and what it left of this range goes first. -#}
        {% call statement('stop_abandoned_insert') %}
            kill query {{ on_cluster_clause(pull_relation) }}
            where query_kind = 'Insert' and user = currentUser() and position(query, '{{ pull_relation }}') > 0
            sync
        {% endcall %}
        {% call statement('drop_unfinished_range') %}
            alter table {{ pull_relation }} {{ on_cluster_clause(pull_relation) }} drop partition {{ step.range_number }}
        {% endcall %}
    {% endif %}
    {% call statement('pull_range') %}
        insert into {{ pull_relation }}
        {% for condition in range_conditions(step) %}
            select *, {{ step.range_number }} as _range from (
                {{ pull_sql | replace(range_filter(), condition) }}
            )
            {% if not loop.last %} union all {% endif %}
        {% endfor %}
        settings
            max_insert_threads = {{ step.bounds | length - 1 }},
            max_block_size = 131072,
            min_insert_block_size_rows = 524288
    {% endcall %}
    {%- set rows = run_query(
        'select count() as pulled_rows from ' ~ pull_relation ~ ' where _range = ' ~ step.range_number
    )[0][0] | int -%}
    {% do record_ranges([dict(step, pulled_rows=rows)]) %}
    {{ return(rows) }}
{% endmacro %}
