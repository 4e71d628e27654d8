{#- What every run did, kept: a row for each node, test or not. Trials are not kept. -#}

{% macro keep_results(results) %}
    {% if not execute or is_trial() or not results %}{{ return('') }}{% endif %}
    {#- YAML makes dates of some values, which JSON does not know. -#}
    {%- set given = {} -%}
    {%- for name, value in invocation_args_dict.vars.items() -%}
        {%- set is_json = value is none or value is string or value is number or value is boolean or value is iterable -%}
        {%- do given.update({name: value if is_json else value | string}) -%}
    {%- endfor -%}
    {%- set of_the_run -%}
        '{{ invocation_id }}', '{{ run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')[:23] }}', '{{ flags.WHICH }}',
        {{ sql_text(env_var('ENTITY_METRICS_REVISION', '')) }}, {{ sql_text(tojson(given)) }}
    {%- endset -%}
    {%- set kept = api.Relation.create(schema=target.schema, identifier='run_results', type='table',
        can_on_cluster=adapter.get_clickhouse_cluster_name() is not none) -%}
    {% call statement('create_run_results') %}
        create table if not exists {{ kept }} {{ on_cluster_clause(kept) }} (
            run_id String comment 'dbt''s invocation id',
            started_at DateTime64(3, 'UTC') comment 'When the run began',
            command LowCardinality(String) comment 'run, test, build, seed or snapshot',
            revision String comment 'Git revision, from the environment variable ENTITY_METRICS_REVISION',
            vars String comment 'The vars that the command was given, as JSON',
            node String comment 'Name of the model, test, seed or snapshot',
            resource_type LowCardinality(String),
            tested_node String comment 'The node that a test is of, else empty',
            status LowCardinality(String) comment 'success, error, skipped; of tests pass, warn, fail, error, skipped',
            failures Nullable(Int64) comment 'What a test counted',
            seconds Float64,
            message String comment 'What the node has to say, in a line'
        )
        engine = {{ 'ReplicatedMergeTree' if adapter.get_clickhouse_cluster_name() else 'MergeTree' }}
        order by (started_at, run_id, node)
        ttl toDateTime(started_at) + interval 400 day
    {% endcall %}
    {% call statement('keep_results') %}
        insert into {{ kept }} (
            run_id, started_at, command, revision, vars, node, resource_type, tested_node, status, failures, seconds, message
        ) values
        {% for result in results -%}
            (
                {{ of_the_run }}, '{{ result.node.name }}', '{{ result.node.resource_type }}',
                '{{ (result.node.attached_node or '').split('.')[-1] }}', '{{ result.status }}',
                {{ 'null' if result.failures is none else result.failures }}, {{ result.execution_time }},
                {{ sql_text(what_it_says(result.message)[:1000]) }}
            )
            {{- ',' if not loop.last }}
        {% endfor %}
    {% endcall %}
{% endmacro %}

{% macro what_it_says(message) %}
    {#- dbt says first which error it was in which file, and in the next line what is wrong. -#}
    {%- set lines = (message or '').strip().split('\n') -%}
    {{ return((lines[1] if ' Error in ' in lines[0] and lines | length > 1 else lines[0]).strip()) }}
{% endmacro %}
