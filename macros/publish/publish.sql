{#- The materialization `publish`: the rows of an event model become its slice of the event table. -#}

{% materialization publish, adapter='clickhouse' %}

    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set existing_relation = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set events_node = graph.nodes.values() | selectattr('unique_id', 'in', model.depends_on.nodes)
        | selectattr('config.meta.events', 'defined') | first -%}
    {% if not events_node %}
        {{ exceptions.raise_compiler_error(
            model.name ~ " publishes nothing: it is to select from one event model, made by metric_events or source_events."
        ) }}
    {% endif %}
    {%- set events = api.Relation.create(schema=events_node.schema, identifier=events_node.alias) -%}
    {% if not table_exists(events) %}
        {{ exceptions.raise_compiler_error(
            "There is no table " ~ events ~ " to publish: build it first, as by `dbt build --select " ~ events_node.name ~ " "
            ~ model.name ~ "`."
        ) }}
    {% endif %}
    {%- set slice = slice_of(events_node, model.name) -%}
    {%- set event_table = event_relation() -%}
    {% if slice.left_out %}
        {% do log(
            model.name ~ ': left to ' ~ slice.other ~ ' (seed metrics, var counted_from): ' ~ slice.left_out | join(', '), info=true
        ) %}
    {% endif %}

    {%- set appends = config.get('strategy', var('publish_strategy')) == 'append' and has_rows(event_table, slice.own) -%}
    {% if is_trial() %}
        {%- set published_events = append_slice(event_table, events, slice) if appends else preview_slice(event_table, events, slice) -%}
        {%- set seen = 'select ' ~ event_columns() ~ ' from ' ~ events ~ ' where ' ~ slice.counted -%}
    {% else %}
        {% do acquire_lease(model.name, event_table.schema) %}
        {%- set published_events = append_slice(event_table, events, slice) if appends else replace_slice(event_table, events, slice) -%}
        {% do release_lease(model.name, event_table.schema) %}
        {%- set seen = 'select ' ~ event_columns() ~ ' from ' ~ event_table ~ ' where ' ~ slice.own -%}
    {% endif %}

    {% if existing_relation is not none and existing_relation.type != 'view' %}
        {% do adapter.drop_relation(existing_relation) %}
    {% endif %}
    {% call statement('main') -%}
        {{ get_create_view_as_sql(target_relation, seen) }}
    {%- endcall %}
    {% do store_raw_result(
        name='main', message=published_events ~ ' events', code='PUBLISH', rows_affected=published_events
    ) %}

    {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}

{% macro event_columns() %}{{ return('entityType, entityId, userId, metricType, metricValue, createdAt, version') }}{% endmacro %}

{% macro replace_slice(event_table, events, slice) %}
    {#- The strategy `replace`: months whose events changed are deleted, and attached again. Returns how many events there are. -#}
    {% do create_event_table(event_table) %}
    {%- set facts = event_table_facts(event_table, events) -%}
    {% do assert_publishable(event_table, facts, slice) %}
    {#- By this mark in its command a delete is found again, also one of a run that was killed. -#}
    {%- set mark = model.unique_id -%}
    {% do finish_deletes(event_table, mark) %}
    {%- set stale = stale_rows(slice) -%}
    {%- set before = months_of(event_table, stale, kept=slice.counted) -%}
    {%- set after = months_of(events, slice.counted, fingerprints=before | length > 0) -%}
    {% do assert_slice_not_shrunk(event_table, slice, before, after) %}
    {%- set plan = publishing_plan(before, after, rows_by_month(events)) -%}
    {% if (plan.own or plan.picked) and facts.obstacle %}
        {% do log(event_table ~ ' (' ~ facts.engine ~ ') ' ~ facts.obstacle ~ ': publishing by insert', info=true) %}
    {% endif %}
    {% if plan.delete and facts.dependents %}
        {% do log(
            event_table ~ ': ' ~ facts.dependents ~ ' will go on counting the events that are deleted, since views see inserts only: '
            ~ 'rebuild them after this run, or publish by append, which deletes nothing: var publish_strategy', info=true
        ) %}
    {% endif %}
    {%- set picked = this.incorporate(path={'identifier': this.identifier ~ '__slice'}, type='table') -%}
    {% if plan.picked and facts.attachable %}{% do pick_events(picked, events, slice, plan.picked) %}{% endif %}
    {% for sql in publishing_statements(event_table, stale, mark, facts, plan, events, picked, slice.counted) %}
        {% do renew_lease(model.name, event_table.schema) %}
        {% call statement('publish_slice') %}{{ sql }}{% endcall %}
        {% if sql.startswith('delete') %}{% do finish_deletes(event_table, mark) %}{% endif %}
    {% endfor %}
    {%- set published = assert_published(event_table, events, slice, facts, stale, after, plan) -%}
    {#- Also that of a run that was killed. -#}
    {% do adapter.drop_relation(picked) %}
    {% do log_publishing(events, slice, before, after) %}
    {% do log(
        "%s: published %s events into %s, instead of %s" | format(
            model.name, '{:,}'.format(published), event_table,
            '{:,}'.format(before | map(attribute='events') | map('int') | sum)
        ), info=true
    ) %}
    {{ return(published) }}
{% endmacro %}

{% macro stale_rows(slice) %}
    {#- What is deleted where it differs: the slice, and what the other job has of the quantities that this one counts. -#}
    {{- return(slice.own if not slice.foreign else '(' ~ slice.own ~ ' or ' ~ slice.foreign ~ ')') -}}
{% endmacro %}
