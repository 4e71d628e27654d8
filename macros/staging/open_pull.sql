{% macro open_pull(pull_relation, pull_sql, pulled_source, missing) %}
    {%- set fingerprint = local_md5(pull_sql) -%}
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
    {% do adapter.drop_relation(pull_relation) %}
    {% call statement('create_pull_table') %}
        create table {{ pull_relation }} {{ on_cluster_clause(pull_relation) }}
        {{ engine_clause() }}
        order by {{ config.get('order_by') or adapter.quote(config.meta_require('range_key')) }}
        partition by _range
        {{ adapter.get_model_settings({'config': {'materialized': 'pull', 'settings': settings}}, config.get('engine', 'MergeTree')) }}
        empty as select *, toUInt32(0) as _range from (
            {{ pull_sql }}
        )
    {% endcall %}
    {% for column in missing %}
        {% call statement('note_missing_column') %}
            alter table {{ pull_relation }} {{ on_cluster_clause(pull_relation) }}
            comment column {{ adapter.quote(column.name) }} '{{ missing_column_comment() }}'
        {% endcall %}
    {% endfor %}
    {{ return(plan_pull(pull_relation, pull_sql, pulled_source, fingerprint)) }}
{% endmacro %}
