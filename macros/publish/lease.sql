{#-
    One writer at a time. A lease is an empty table `lease__<name>`, since making one is atomic on every engine; its comment says in
    JSON who holds it and until when. Times are those of ClickHouse: clocks of the machines that run dbt may differ.
-#}

{#- Take the lease, or raise an error that says who has it. One that is this invocation's already is renewed. -#}
{% macro acquire_lease(name, database=target.schema) %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set lease = read_lease(name, database) -%}
    {%- if lease.holder is not none and lease.holder != invocation_id -%}
        {%- if not lease_is_dead(lease) -%}{% do refuse(name, lease) %}{%- endif -%}
        {% do take_over_lease(name, database, lease.holder) %}
    {%- endif -%}
    {% call statement('acquire_lease') %}
        create table if not exists {{ lease_table(name, database) }} {{ on_cluster_clause(lease_table(name, database)) }} (
            nothing UInt8
        )
        engine = Null
        comment {{ lease_comment(lease.now, lease.now) }}
    {% endcall %}
    {#- The table is this invocation's, or of another one that was quicker. -#}
    {% do renew_lease(name, database) %}
{% endmacro %}


{#- Say that this invocation is alive; raise an error if it does not hold the lease, since then somebody else may be writing. -#}
{% macro renew_lease(name, database=target.schema) %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set lease = read_lease(name, database) -%}
    {%- if lease.holder is none -%}
        {{ exceptions.raise_compiler_error(
            "The lease " ~ name ~ " of this run was broken: nothing more is written. Run this again when no other run is at it."
        ) }}
    {%- elif lease.holder != invocation_id -%}
        {% do refuse(name, lease) %}
    {%- endif -%}
    {% call statement('renew_lease') %}
        alter table {{ lease_table(name, database) }} {{ on_cluster_clause(lease_table(name, database)) }}
        modify comment {{ lease_comment(lease.since, lease.now) }}
    {% endcall %}
{% endmacro %}


{% macro release_lease(name, database=target.schema) %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- if read_lease(name, database).holder == invocation_id -%}
        {% do drop_lease_tables([[database, 'lease__' ~ name]] + leases_on_dead_ones(name, database)) %}
    {%- endif -%}
{% endmacro %}


{#- The hook on-run-end: what a failed node holds, the next run may have at once. -#}
{% macro release_leases() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set databases = graph.nodes.values() | map(attribute='schema') | list + [target.schema, var('event_database')] -%}
    {%- set held = [] -%}
    {%- for row in run_query(
        "select database, name from system.tables where database in ('" ~ databases | unique | join("', '")
        ~ "') and startsWith(name, 'lease__') and engine = 'Null' and JSONExtractString(comment, 'holder') = '" ~ invocation_id ~ "'"
    ) -%}
        {%- do held.append([row[0], row[1]]) -%}
    {%- endfor -%}
    {% do drop_lease_tables(held) %}
{% endmacro %}


{#- For people: `dbt run-operation break_lease --args '{name: stg_bounty_metrics}'`, when the run that holds it is gone. -#}
{% macro break_lease(name, database=target.schema) %}
    {%- set lease = read_lease(name, database) -%}
    {%- if lease.holder is none -%}
        {{ exceptions.raise_compiler_error("There is no lease " ~ name ~ " in the database " ~ database ~ ".") }}
    {%- endif -%}
    {% do drop_lease_tables([[database, 'lease__' ~ name]] + leases_on_dead_ones(name, database)) %}
    {% do log(
        'The lease ' ~ name ~ ' of invocation ' ~ lease.holder ~ ', held since ' ~ lease.since ~ ' UTC, is broken.', info=true
    ) %}
{% endmacro %}


{#-
    Dead is what was not renewed for `lease_seconds` while none of its holder's statements ran. The folder of an embedded engine is
    open to one process, which is this one: there, any other invocation is gone.
-#}
{% macro lease_is_dead(lease, one_process=target.type == 'chdb') %}
    {{ return(one_process or (lease.seconds_left < 0 and not lease.running)) }}
{% endmacro %}


{% macro read_lease(name, database) %}
    {%- set row = run_query(
        "
        select
            toString(now('UTC')) as asked_at,
            count() = 0 as is_free,
            any(JSONExtractString(comment, 'holder')) as holder,
            any(JSONExtractString(comment, 'host')) as host,
            any(JSONExtractString(comment, 'since')) as since,
            any(toDateTime(JSONExtractString(comment, 'renewed'), 'UTC')) + " ~ var('lease_seconds') ~ " as until,
            toString(until) as expires,
            dateDiff('second', now('UTC'), until) as seconds_left
        from system.tables
        where database = '" ~ database ~ "' and name = 'lease__" ~ name ~ "'
        "
    )[0] -%}
    {%- set holder = none if row['is_free'] | int else row['holder'] -%}
    {%- set seconds_left = row['seconds_left'] | int -%}
    {{ return({
        'now': row['asked_at'],
        'holder': holder,
        'host': row['host'],
        'since': row['since'],
        'expires': row['expires'],
        'seconds_left': seconds_left,
        'running': statements_of(holder) if holder is not none and seconds_left < 0 else 0
    }) }}
{% endmacro %}


{#- How many statements of an invocation run now: dbt names it in the comment of each. -#}
{% macro statements_of(holder) %}
    {%- set cluster = adapter.get_clickhouse_cluster_name() -%}
    {%- set processes = 'clusterAllReplicas(' ~ cluster ~ ', system.processes)' if cluster else 'system.processes' -%}
    {{ return(run_query(
        "select count() as running from " ~ processes ~ " where position(query, '" ~ holder ~ "') > 0"
        ~ " and position(query, 'system.processes') = 0"
    )[0]['running'] | int) }}
{% endmacro %}


{% macro refuse(name, lease) %}
    {%- set name = modules.re.sub('__[0-9a-f]{8}-.*$', '', name) -%}
    {%- set until = 'a statement of it is running' if lease.running and lease.seconds_left < 0
        else 'its lease expires at ' ~ lease.expires ~ ' UTC unless it is renewed' -%}
    {{ exceptions.raise_compiler_error(
        "Another run is writing " ~ name ~ ": invocation " ~ lease.holder ~ " on " ~ (lease.host or 'an unnamed machine') ~ ", since "
        ~ lease.since ~ " UTC; " ~ until ~ ". Wait for it, or if it is gone run `dbt run-operation break_lease --args '{name: "
        ~ name ~ "}'`."
    ) }}
{% endmacro %}


{#-
    Several can find a lease dead at once. One of them gets a lease on the dead one, in the name of both, and it alone drops what is
    dead; the others are refused. That second lease stays until the first one is free again: who read the dead one long ago and
    comes late finds either of them.
-#}
{% macro take_over_lease(name, database, holder) %}
    {% do acquire_lease(name ~ '__' ~ holder, database) %}
    {%- if read_lease(name, database).holder == holder -%}
        {% do log('The lease ' ~ name ~ ' of invocation ' ~ holder ~ ', which is gone, is taken over.', info=true) %}
        {% do drop_lease_tables([[database, 'lease__' ~ name]]) %}
    {%- endif -%}
{% endmacro %}


{% macro leases_on_dead_ones(name, database) %}
    {%- set tables = [] -%}
    {%- for row in run_query(
        "select name from system.tables where database = '" ~ database ~ "' and match(name, '^lease__" ~ name ~ "__[0-9a-f]{8}-')"
        ~ " and engine = 'Null'"
    ) -%}
        {%- do tables.append([database, row[0]]) -%}
    {%- endfor -%}
    {{ return(tables) }}
{% endmacro %}


{% macro drop_lease_tables(tables) %}
    {% for database, table in tables %}
        {%- set relation = lease_table(modules.re.sub('^lease__', '', table), database) -%}
        {% call statement('drop_lease') %}
            drop table if exists {{ relation }} {{ on_cluster_clause(relation) }} sync
        {% endcall %}
    {% endfor %}
{% endmacro %}


{% macro lease_table(name, database) %}
    {{ return(api.Relation.create(
        schema=database, identifier='lease__' ~ name, type='table', can_on_cluster=adapter.should_on_cluster('table', 'Null')
    )) }}
{% endmacro %}


{% macro lease_comment(since, renewed) %}
    {%- set note = {
        'holder': invocation_id, 'host': env_var('HOSTNAME', '') | replace("'", ''), 'since': since, 'renewed': renewed
    } -%}
    {{ return("'" ~ tojson(note) ~ "'") }}
{% endmacro %}
