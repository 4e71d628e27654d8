{#-
    What differs between the event model and the event table. Each side is read twice: once to find the entities that differ, by a sum of
    hashes, and once for the rows of those. What is found is written to a table, from which all else is read.
-#}

{% macro find_differences(event_table, events, slice, there, differences) %}
    {#- Fills a table with the rows that one side has more often than the other, of entities whose sums differ. -#}
    {% call statement('create_differences') %}
        create or replace table {{ differences }} {{ on_cluster_clause(differences) }} (
            entityType LowCardinality(String),
            entityId Int32,
            userId Int32,
            metricType LowCardinality(String),
            metricValue Int32,
            createdAt DateTime,
            missing Int64 comment 'How often the table lacks the row; below zero, how often it has it beside the model'
        )
        engine = MergeTree
        order by (entityType, entityId, userId, metricType)
    {% endcall %}
    {%- set touched = beside(this, 'touched') -%}
    {#- For what var follow_rows misjudges: who groups on disk takes twice as long. -#}
    {%- set limit = 'settings max_bytes_before_external_group_by = 2147483648' -%}
    {% for part in parts_of_entities(there) %}
        {% do renew_lease(model.name, event_table.schema) if not is_trial() %}
        {#- A table, since a subquery would be run wherever it is named. -#}
        {% call statement('find_touched') %}
            create or replace table {{ touched }} {{ on_cluster_clause(touched) }}
            engine = MergeTree
            order by entityId
            as
            {{ entities_that_differ(sides_to_compare(event_table, events, slice), part) }}
            {{ limit }}
        {% endcall %}
        {% if has_rows(touched, 'true') %}
            {% call statement('find_differences') %}
                insert into {{ differences }}
                {{ rows_that_differ(sides_to_compare(event_table, events, slice, branches_of_touched(events, touched)), touched) }}
                {{ limit }}
            {% endcall %}
        {% endif %}
    {% endfor %}
    {% do adapter.drop_relation(touched) %}
{% endmacro %}

{% macro parts_of_entities(there) %}
    {#- Conditions on entityId that divide the slice into parts of so many rows as fit into memory. -#}
    {%- set parts = (there / var('follow_rows') | int) | round(0, 'ceil') | int -%}
    {%- set conditions = [] -%}
    {%- for part in range(parts) -%}
        {%- do conditions.append('intHash32(entityId) % ' ~ parts ~ ' = ' ~ part) -%}
    {%- endfor -%}
    {{ return(conditions if parts > 1 else ['true']) }}
{% endmacro %}

{% macro live_versions() %}
    {#- As SQL has a list; '' if there are none. -#}
    {{ return(var('live_versions') | join(', ')) }}
{% endmacro %}

{% macro sides_to_compare(event_table, events, slice, branches=['true']) %}
    {#-
        What the model says and, with the opposite sign, what the event table says, under the metric types of the slice. With live
        versions their events count, too, under any of a quantity's names; then the model is taken whole, beyond the cutoff as well.
    -#}
    {%- set said = slice.known_to_model if live_versions() else slice.counted_by_model -%}
    {%- set there = slice.counted -%}
    {%- if live_versions() -%}
        {%- set live = 'version in (' ~ live_versions() ~ ') and not ' ~ ('(' ~ written_by('metric_tables') ~ ')') -%}
        {%- set there = there ~ ' or (' ~ live ~ ' and ' ~ slice.any_name ~ ')' -%}
    {%- endif -%}
    {%- for branch in branches %}
    select
        entityType,
        entityId,
        userId,
        metricType,
        createdAt,
        metricValue,
        toInt8(1) as side
    from {{ events }}
    where {{ said }} and {{ branch }}
    union all
    {%- endfor %}
    {#- Totals of metric tables are nobody's, whoever made the events since. #}
    select
        entityType,
        entityId,
        {{ 'toInt32(-1)' if slice.job == 'metric_tables' else 'userId' }} as userId,
        {{ slice.own_name if live_versions() else 'metricType' }} as metricType,
        createdAt,
        metricValue,
        toInt8(-1) as side
    from (select * from {{ event_table }} where {{ there }})
{% endmacro %}

{% macro branches_of_touched(events, touched) %}
    {#-
        Conditions, each row of a touched entity under one of them. A filter by `entityId` is applied when a source row has become
        events; one by the ids in that row is applied where that is read, before joins.
    -#}
    {%- set ids = [] -%}
    {%- set conditions = [] -%}
    {%- for column in adapter.get_columns_in_relation(events) if column.name.startswith('row_entity_') -%}
        {%- do conditions.append((ids + [column.name ~ ' in ' ~ touched]) | join(' and ')) -%}
        {%- do ids.append(column.name ~ ' not in ' ~ touched) -%}
    {%- endfor -%}
    {{ return(conditions or ['true']) }}
{% endmacro %}

{% macro entities_that_differ(sides, part) %}
    {#-
        The weights of an entity sum to zero only if every key's values do. A hash of one number, since that of a row with names takes
        half as long again; names are hashed once in a block.
    -#}
    select entityId
    from ({{ sides }}) as sides
    where {{ part }}
    group by entityId
    having {{ by_key('userId + cityHash64(metricType) + 2 * cityHash64(entityType)', 'metricValue * side') }} != 0
{% endmacro %}

{% macro rows_that_differ(sides, touched) %}
    select
        entityType,
        entityId,
        userId,
        metricType,
        metricValue,
        createdAt,
        sum(side) as missing
    from ({{ sides }}) as sides
    where entityId in {{ touched }}
    group by entityType, entityId, userId, metricType, metricValue, createdAt
    having missing != 0
{% endmacro %}

{% macro keys_that_differ(rows) %}
    select
        entityType,
        entityId,
        userId,
        metricType,
        sum(metricValue * missing) as difference
    from {{ rows }}
    group by entityType, entityId, userId, metricType
    having difference != 0
{% endmacro %}

{% macro keep_pending(differences) %}
    {#-
        A live event may be on its way: a difference counts when a look at least `repair_margin` ago found the same. What was found
        now is kept for the next look. Returns a query of what counts.
    -#}
    {%- set pending = beside(this, 'pending') -%}
    {% call statement('create_pending') %}
        create table if not exists {{ pending }} {{ on_cluster_clause(pending) }} (
            entityType LowCardinality(String),
            entityId Int32,
            userId Int32,
            metricType LowCardinality(String),
            difference Int64,
            first_seen DateTime('UTC') comment 'When this difference was first found'
        )
        engine = MergeTree
        order by (entityType, entityId, userId, metricType)
    {% endcall %}
    {% call statement('keep_pending') %}
        create or replace table {{ pending }} {{ on_cluster_clause(pending) }}
        engine = MergeTree
        order by (entityType, entityId, userId, metricType)
        as
        select
            now.entityType as entityType,
            now.entityId as entityId,
            now.userId as userId,
            now.metricType as metricType,
            now.difference as difference,
            if(before.first_seen > toDateTime(0, 'UTC'), before.first_seen, now('UTC')) as first_seen
        from ({{ keys_that_differ(differences) }}) as now
        left join {{ pending }} as before
            on now.entityType = before.entityType and now.entityId = before.entityId and now.userId = before.userId
            and now.metricType = before.metricType and now.difference = before.difference
        settings join_use_nulls = 0
    {% endcall %}
    {{ return(
        'select entityType, entityId, userId, metricType, difference from ' ~ pending ~ " where first_seen <= now('UTC') - "
        ~ var('repair_margin')
    ) }}
{% endmacro %}

{% macro differences_left(published, events) %}
    {#- A query: what the sums of the slice and of its model differ by, but for what waits to be found a second time. -#}
    {%- set slice = slice_of(model_node(events), published.identifier) -%}
    {%- set sides = sides_to_compare(event_relation(), events, slice) -%}
    {%- set rows = rows_that_differ(sides, '(' ~ entities_that_differ(sides, 'true') ~ ')') -%}
    {%- set pending = beside(published, 'pending') -%}
    select *
    from ({{ keys_that_differ('(' ~ rows ~ ')') }})
    {%- if table_exists(pending) %}
        where (entityType, entityId, userId, metricType, difference) not in (
            select entityType, entityId, userId, metricType, difference from {{ pending }}
        )
    {%- endif %}
{% endmacro %}
