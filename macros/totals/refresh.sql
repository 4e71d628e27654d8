{#-
    Totals are refreshed in proportion to what changed in the event table, month by month. The state is in the tables themselves: each
    month of `built_days` has a row without an entity type whose total is the fingerprint of the parts it was built from, and
    `counted_days` holds the months as `counted_entities` has counted them. So a refresh can be killed anywhere and repeated at any time.
-#}

{% macro months_to_build() %}
    {#- The months whose events are not what was built, each with its fingerprint, 0 where they are gone; at first all. -#}
    {%- set names, exclusions, events = ref('metrics'), ref('excluded_users'), ref('entity_metric_events') -%}
    {% if not execute or flags.WHICH not in ['run', 'build'] %}{{ return([]) }}{% endif %}
    {%- set changed = changed_months(names, exclusions, this, is_incremental()) -%}
    {% if changed or not is_incremental() %}
        {% if not table_exists(events) %}
            {{ exceptions.raise_compiler_error(
                "There is no " ~ events ~ " to sum up: build it first, as by `dbt build --select event_table`."
            ) }}
        {% endif %}
        {% do assert_exclusions_fit() %}
        {% do acquire_lease('totals', this.schema) %}
        {#- Left behind by a run that was killed. -#}
        {% for name in tables_like(this.schema, this.identifier ~ '__dbt_new_data_%') %}
            {% do adapter.drop_relation(api.Relation.create(schema=this.schema, identifier=name, type='table')) %}
        {% endfor %}
    {% endif %}
    {{ return(changed) }}
{% endmacro %}

{% macro changed_months(names, exclusions, days, is_built=true) %}
    {{ return(run_query(
        "with parts as (" ~ month_fingerprints(names, exclusions, days) ~ "), built as (" ~ built_from(days if is_built) ~ ")"
        ~ " select if(parts.month > 0, parts.month, built.month) as month, parts.fingerprint as fingerprint"
        ~ " from parts full join built on parts.month = built.month"
        ~ " where parts.fingerprint != built.fingerprint order by month"
    ).rows) }}
{% endmacro %}

{% macro built_from(days) %}
    {%- if days -%}
        select toYYYYMM(day) as month, any(total) as fingerprint from {{ days }} where entity_type = '' group by month
    {%- else -%}
        select toUInt32(0) as month, toInt64(0) as fingerprint where false
    {%- endif -%}
{% endmacro %}

{% macro event_storage() %}
    {%- set event_table = event_relation() -%}
    {%- set found = run_query(
        "select engine, engine_full, partition_key from system.tables where database = '" ~ event_table.schema ~ "' and name = '"
        ~ event_table.identifier ~ "'"
    ).rows -%}
    {%- set facts = found[0] if found else no_event_table(event_table) -%}
    {%- set sharded = distributed_table(facts['engine_full']) -%}
    {% if not sharded and not (facts['engine'] | string).endswith('MergeTree') %}
        {{ exceptions.raise_compiler_error(
            "Event table " ~ event_table ~ " is a " ~ facts['engine'] ~ ", of which nobody can say what changed: name a MergeTree by the "
            ~ "vars event_table and event_database."
        ) }}
    {% endif %}
    {{ return({'partition_key': facts['partition_key'], 'sharded': sharded}) }}
{% endmacro %}

{% macro from_event_parts(sharded) %}
    {%- set held = sharded or event_relation() -%}
    from {{ "cluster('" ~ sharded.cluster ~ "', system, parts)" if sharded else 'system.parts' }} as event_parts
    where active and database = '{{ held.schema }}' and table = '{{ held.identifier }}'
{% endmacro %}

{% macro month_fingerprints(names, exclusions, days) %}
    {#-
        Checksums of the parts that have events of a month, in UTC, with what else decides on the sums: the names of quantities, the
        users left out, the model of the days. Every insert, delete and merge makes other parts.
    -#}
    {%- set event_table, facts = event_relation(), event_storage() -%}
    {#- A table that does not divide its parts by time has parts of any month. -#}
    {%- set by_time = 'createdAt' in facts['partition_key'] | string and not facts['sharded'] -%}
    with definition as (
        select
            (
                select sum(cityHash64(entity_type, quantity, legacy_metric, source_metric)) from {{ names }}
            ) as names,
            (
                select sum(cityHash64(user_id)) from {{ exclusions }}
            ) as exclusions
    ),

    months_of_parts as (
        select
            hash_of_all_files as part,
            arrayJoin(
                {%- if by_time %}
                    arrayMap(
                        i -> toYYYYMM(addMonths(toStartOfMonth(toDate(min_time, 'UTC')), i)),
                        range(toUInt32(dateDiff('month', min_time, max_time, 'UTC')) + 1)
                    )
                {%- else %}
                    (select groupUniqArray(toYYYYMM(createdAt, 'UTC')) from {{ event_table }})
                {%- endif %}
            ) as month
        {{ from_event_parts(facts['sharded']) }}
    )

    select
        month,
        assumeNotNull(toInt64(cityHash64(
            arraySort(groupArray(part)), any(definition.names), any(definition.exclusions),
            '{{ event_table }}', '{{ local_md5(model_node(days).raw_code) }}'
        ))) as fingerprint
    from months_of_parts
    cross join definition
    group by month
{% endmacro %}

{% macro tables_like(database, pattern) %}
    {{ return(run_query(
        "select name from system.tables where database = '" ~ database ~ "' and name like '" ~ pattern.replace('_', '\\\\_') ~ "'"
    ).rows | map(attribute='name') | list) }}
{% endmacro %}

{% macro this_refresh() %}
    {#-
        What this run refreshes, asked once a run, when `built_days` is built: `months` to be counted, the `latest` month that has more
        than its own row, and `a_few` entities of it. `counted_entities` adds which `entities` it counts: all, or those touched.
    -#}
    {%- set of_this_run = graph.get('this_refresh', {}) -%}
    {%- if of_this_run.get('run') == invocation_id -%}{{- return(of_this_run) -}}{%- endif -%}
    {%- set days = ref('built_days') -%}
    {#- As text, which JSON and SQL can read. #}
    {%- set found = run_query(
        "with built as (" ~ built_from(days) ~ "), counted as (" ~ built_from(load_cached_relation(counted_days())) ~ "),"
        ~ " (select max(month) from (select toYYYYMM(day) as month from " ~ days ~ " group by month having count() > 1)) as latest_month"
        ~ " select toString(arraySort(groupArrayIf(built.month, built.fingerprint != counted.fingerprint))) as months,"
        ~ " toUInt32(ifNull(latest_month, 0)) as latest,"
        ~ " toString((select groupArray((toString(entity_type), entity_id)) from ("
        ~ "select distinct entity_type, entity_id from " ~ days ~ " where entity_type != '' and toYYYYMM(day) = latest_month limit 20"
        ~ "))) as a_few"
        ~ " from built left join counted on built.month = counted.month"
    )[0] -%}
    {%- set asked = {
        'run': invocation_id, 'months': fromjson(found['months']), 'latest': found['latest'] | int, 'a_few': found['a_few'][1:-1],
        'entities': 'none'
    } -%}
    {%- do graph.update({'this_refresh': asked}) -%}
    {{- return(asked) -}}
{% endmacro %}

{% macro months_to_count() %}
    {#- The months of `built_days` that are not the ones in `counted_days`. -#}
    {% if not execute or flags.WHICH not in ['run', 'build'] %}{{ return([]) }}{% endif %}
    {{ return(this_refresh().months) }}
{% endmacro %}

{% macro before_counting() %}
    {#- Finds the entities whose days differ from what was counted, in months that were built since. -#}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set days, counted, touched = ref('built_days'), counted_days(), touched_entities() -%}
    {%- set months = this_refresh().months -%}
    {% do this_refresh().update({'entities': 'touched' if is_incremental() else 'all'}) %}
    {% if months %}
        {% do acquire_lease('totals', this.schema) %}
        {% do create_counted_days(days) %}
    {% endif %}
    {% call statement('find_touched') %}
        create or replace table {{ touched }} {{ on_cluster_clause(touched) }}
        engine = MergeTree
        order by (entity_type, entity_id)
        as
        select
            any(sides.entity_type) as entity_type,
            any(sides.entity_id) as entity_id
        from (
            {%- for table, sign in [(days, ''), (counted if months else days, '-')] %}
                select
                    entity_type,
                    entity_id,
                    {{ sign }}toInt64(cityHash64(quantity, day, total, events, last_event)) as difference
                from {{ table }}
                where entity_type != '' and toYYYYMM(day) in ({{ months | join(', ') if months and is_incremental() else 0 }})
                {{- ' union all' if not loop.last }}
            {%- endfor %}
        ) as sides
        group by {{ entity_number('sides.entity_type', 'sides.entity_id') }}
        having sum(sides.difference) != 0
        {#- The first time all are counted, and none are listed. #}
        comment '{{ '' if is_incremental() else 'all' }}'
    {% endcall %}
{% endmacro %}

{% macro after_counting() %}
    {#- Only now the months are counted. Partitions are taken by hard links, not copied. -#}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set days, counted = ref('built_days'), counted_days() -%}
    {%- set months = this_refresh().months -%}
    {% if months %}
        {% do renew_lease('totals', this.schema) %}
        {% call statement('keep_counted_days') %}
            alter table {{ counted }}
            {% for month in months %}replace partition id '{{ month }}' from {{ days }}{{ ', ' if not loop.last }}{% endfor %}
        {% endcall %}
        {% do log_refresh(months) %}
    {% endif %}
{% endmacro %}

{% macro counted_days() %}
    {{ return(api.Relation.create(schema=ref('built_days').schema, identifier='counted_days', type='table')) }}
{% endmacro %}

{% macro create_counted_days(days) %}
    {% if not execute %}{{ return('') }}{% endif %}
    {% call statement('create_counted_days') %}
        create table if not exists {{ counted_days() }} {{ on_cluster_clause(counted_days()) }} as {{ days }}
    {% endcall %}
{% endmacro %}

{% macro view_parameter(name, type) %}
    {{ return('{' ~ name ~ ':' ~ type ~ '}') }}
{% endmacro %}

{% macro touched_entities() %}
    {#- Those of the last refresh that found a change. -#}
    {{ return(api.Relation.create(schema=ref('built_days').schema, identifier='touched_entities', type='table')) }}
{% endmacro %}
