{% materialization pull, adapter='clickhouse' %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set pull_relation = make_temp_relation(target_relation, '__pull') -%}
    {%- set pulled_source = source(*model.sources[0]) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set missing = missing_columns(pulled_source, model.sources[0]) -%}
    {%- set pull_sql = add_missing_columns(sql, missing) -%}
    {%- set steps = open_pull(pull_relation, pull_sql, pulled_source, missing) -%}
    {%- set limit = var('range_limit') | int -%}
    {%- set rows_in_all = steps | sum(attribute='expected_rows') -%}
    {%- set progress = namespace(rows=0, rows_here=0, started=modules.datetime.datetime.now()) -%}

    {% for step in steps %}
        {% if step.pulled_rows is not none %}
            {% set progress.rows = progress.rows + step.pulled_rows %}
        {% elif not limit or step.range_number < limit %}
            {% set rows = pull_range(pull_relation, pull_sql, step) %}
            {% set progress.rows = progress.rows + rows %}
            {% set progress.rows_here = progress.rows_here + rows %}
            {% do log_pull_progress(step, steps | length, rows, progress, rows_in_all) %}
        {% endif %}
    {% endfor %}

    {# Nothing but finished ranges from here on: swap the whole table in at once. #}
    {% if existing_relation is none %}
        {% do adapter.rename_relation(pull_relation, target_relation) %}
    {% elif existing_relation.can_exchange %}
        {% do exchange_tables_atomic(pull_relation, existing_relation) %}
        {% do adapter.drop_relation(pull_relation) %}
    {% else %}
        {{ exceptions.raise_compiler_error(
            "Database " ~ this.schema ~ " cannot exchange tables: a staging model needs the Atomic, Replicated or Shared database engine."
        ) }}
    {% endif %}

    {% do store_raw_result(
        name='main', message=progress.rows ~ ' rows in ' ~ steps | length ~ ' ranges', code='PULL', rows_affected=progress.rows
    ) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
