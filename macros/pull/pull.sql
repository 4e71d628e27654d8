{#-
    The materialization `pull`: a table filled from one Postgres table, in ranges of an integer key, and swapped in whole. Read down
    from here: open or resume, pull each range, swap. What is pulled from: source.sql; how it is divided: ranges.sql; what is done
    already: ledger.sql.
-#}
{% materialization pull, adapter='clickhouse' %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set pull_relation = make_temp_relation(target_relation, '__pull') -%}
    {%- set pulled_source = source(*model.sources[0]) -%}

    {% do acquire_lease(this.identifier, this.schema) %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set origin = pull_origin(pulled_source, model.sources[0]) -%}
    {% do assert_times_fit(origin, model.sources[0]) %}
    {%- set pull_sql = add_missing_columns(sql, origin.missing) -%}
    {%- set steps = open_pull(pull_relation, pull_sql, origin) -%}
    {%- set limit = var('range_limit') | int -%}
    {%- set rows_in_all = steps | sum(attribute='expected_rows') -%}
    {%- set progress = namespace(rows=0, rows_here=0, started=modules.datetime.datetime.now()) -%}

    {% for step in steps %}
        {% if step.pulled_rows is not none %}
            {% set progress.rows = progress.rows + step.pulled_rows %}
        {% elif not limit or step.range_number < limit %}
            {% do renew_lease(this.identifier, this.schema) %}
            {% set rows = pull_range(pull_relation, pull_sql, step) %}
            {% set progress.rows = progress.rows + rows %}
            {% set progress.rows_here = progress.rows_here + rows %}
            {% do log_pull_progress(step, steps | length, rows, progress, rows_in_all) %}
        {% endif %}
    {% endfor %}

    {# Nothing but finished ranges from here on. #}
    {% do renew_lease(this.identifier, this.schema) %}
    {% do swap_in(pull_relation, existing_relation, target_relation) %}
    {# Rights go by name: those that the table had hold for the new one. #}
    {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, true)) %}
    {% do store_raw_result(
        name='main', message=progress.rows ~ ' rows in ' ~ steps | length ~ ' ranges', code='PULL', rows_affected=progress.rows
    ) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {% do release_lease(this.identifier, this.schema) %}
    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}


{% macro open_pull(pull_relation, pull_sql, origin) %}
    {%- set fingerprint = local_md5(pull_sql ~ origin.identity) -%}
    {% do pull_ledger(create=true) %}
    {% if range_filter() not in pull_sql %}
        {{ exceptions.raise_compiler_error(
            "Staging model " ~ this.identifier ~ " needs `and {{ range_filter() }}` in the where clause of its select."
        ) }}
    {% endif %}

    {%- set steps = [] if should_full_refresh() else pull_steps(pull_relation, fingerprint) -%}
    {% if steps %}
        {% do log(
            this.identifier ~ ': resuming a pull, ' ~ steps | rejectattr('pulled_rows', 'none') | list | length
            ~ ' of ' ~ steps | length ~ ' ranges are there already', info=true
        ) %}
        {{ return(steps) }}
    {% endif %}

    {#- Read a few times, then replaced by the next pull: merging its parts would take from the pull and gain nothing. -#}
    {%- set settings = {'max_bytes_to_merge_at_max_space_in_pool': 1} -%}
    {%- do settings.update(config.get('settings') or {}) -%}
    {%- set key = adapter.quote(config.meta_get('range_key', '')) -%}
    {% do adapter.drop_relation(pull_relation) %}
    {% call statement('create_pull_table') %}
        create table {{ pull_relation }} {{ on_cluster_clause(pull_relation) }}
        {{ engine_clause() }}
        order by {{ config.get('order_by') or key }}
        partition by _range
        {{ adapter.get_model_settings({'config': {'materialized': 'pull', 'settings': settings}}, config.get('engine', 'MergeTree')) }}
        empty as select
            * {{ 'replace (assumeNotNull(' ~ key ~ ') as ' ~ key ~ ')' if origin.nullable_key }},
            toUInt32(0) as _range
        from (
            {{ pull_sql }}
        )
    {% endcall %}
    {% for column in origin.missing %}
        {% call statement('note_missing_column') %}
            alter table {{ pull_relation }} {{ on_cluster_clause(pull_relation) }}
            comment column {{ adapter.quote(column.name) }} '{{ missing_column_comment() }}'
        {% endcall %}
    {% endfor %}
    {{ return(plan_pull(pull_relation, pull_sql, origin, fingerprint)) }}
{% endmacro %}


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
            insert_null_as_default = 0,
            max_block_size = 131072,
            min_insert_block_size_rows = 524288
    {% endcall %}
    {%- set rows = run_query(
        'select count() as pulled_rows from ' ~ pull_relation ~ ' where _range = ' ~ step.range_number
    )[0][0] | int -%}
    {% do record_ranges([dict(step, pulled_rows=rows)]) %}
    {{ return(rows) }}
{% endmacro %}


{% macro swap_in(pull_relation, existing_relation, target_relation) %}
    {% do close_pull(pull_relation) %}
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
{% endmacro %}


{% macro log_pull_progress(step, steps, rows, progress, rows_in_all) %}
    {%- set seconds = (modules.datetime.datetime.now() - progress.started).total_seconds() -%}
    {%- set speed = progress.rows_here / [seconds, 0.001] | max -%}
    {%- set left = [rows_in_all - progress.rows, 0] | max / [speed, 1] | max -%}
    {% do log(
        "%s: range %d of %d, %s rows, %s of about %s in all, %s rows/s, %d s left" | format(
            this.identifier, step.range_number + 1, steps, '{:,}'.format(rows), '{:,}'.format(progress.rows),
            '{:,}'.format([rows_in_all, progress.rows] | max), '{:,.0f}'.format(speed), left
        ), info=true
    ) %}
{% endmacro %}
