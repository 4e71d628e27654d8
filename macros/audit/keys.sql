{#- Key by key, of the quantities whose sums differ or whose keys are not counted: what each hop kept, lost or added. -#}

{% macro audit_keys(sources) %}
    {{ audit_live_keys(sources) }}
    union all
    {{ audit_event_keys(sources) }}
    union all
    {{ audit_totals_keys() }}
    {% if is_cache_connected() == 'true' %}
        union all
        {{ audit_cache_keys() }}
    {% endif %}
{% endmacro %}

{% macro doubtful(hop, job=none) -%}
    {#- Quantities that a hop is to be looked at key by key for. -#}
    select pairs.entity_type, pairs.quantity
    from {{ ref('audit_pairs') }} as pairs
    where pairs.hop = '{{ hop }}' and pairs.is_doubtful {%- if job %} and pairs.counted_from = '{{ job }}' {%- endif %}
{%- endmacro %}

{% macro wanted(hop, job=none) -%}
    {#- A condition on rows with entity_type and quantity. Nothing is read where no quantity is doubtful. -#}
    (select count() from ({{ doubtful(hop, job) }})) > 0 and (entity_type, quantity) in ({{ doubtful(hop, job) }})
{%- endmacro %}

{% macro compare_keys(hop, before, after) %}
    {#- Both sides have is_settled: what is not, may differ. #}
    select
        '{{ hop }}' as hop,
        toString(entity_type) as entity_type,
        toString(quantity) as quantity,
        {{ key_classes() }}
    from (
        select
            entity_type,
            quantity,
            entity_id,
            sum(was) as before,
            sum(is) as after,
            sum(if(is_settled, was - is, 0)) = 0 as is_newer
        from (
            select entity_type, quantity, entity_id, toInt64(amount) as was, toInt64(0) as is, is_settled from ({{ before }})
            union all
            select entity_type, quantity, entity_id, 0, amount, is_settled from ({{ after }})
        )
        group by entity_type, quantity, entity_id
    )
    group by entity_type, quantity
{% endmacro %}

{% macro key_classes() -%}
    {#- A key that has a sum of zero is as one that is not there: readers see the same. -#}
        countIf(before != 0) as found_keys,
        countIf(after != 0) as left_keys,
        countIf(before = after and before != 0) as equal_keys,
        countIf(before != 0 and after = 0 and not is_newer) as missing,
        countIf(before = 0 and after != 0 and not is_newer) as too_many,
        countIf(before != 0 and after != 0 and before != after and not is_newer) as different,
        countIf(before != after and is_newer) as newer,
        sum(before) as found_sum,
        sum(after) as left_sum,
        {{ worst_keys('entity_id', 'before', 'after', 'before != after and not is_newer') }} as worst
{%- endmacro %}

{% macro worst_keys(key, before, after, condition) -%}
    {#- Five at most, by the size of the difference. -#}
    arrayMap(
        key -> (key.2, key.3, key.4),
        groupArraySortedIf(5)((-abs({{ before }} - {{ after }}), toInt32({{ key }}), {{ before }}, {{ after }}), {{ condition }})
    )::Array(Tuple(entity_id Int32, before Int64, after Int64))
{%- endmacro %}

{% macro audit_event_keys(sources) %}
    {#- The source against the slice of the job that counts. -#}
    {%- set before -%}
        {%- for source in sources if source.is_built and source.job == 'metric_tables' %}
        select * from (
            select
                '{{ source.entity_type }}' as entity_type,
                cell.1 as quantity,
                toInt32({{ source.key }}) as entity_id,
                cell.2 as amount,
                true as is_settled
            from {{ source.relation }}
            array join {{ named_cells(legacy_columns(source.name)) }} as cell
            where cell.2 != 0 and {{ in_sample(source.key) }}
        ) where {{ wanted('events', 'metric_tables') }}
        union all
        {%- endfor %}
        {%- for source in sources if source.is_built and source.job == 'source_events' %}
        select * from (
            select
                toString(event.entityType) as entity_type,
                if(names.quantity != '', names.quantity, toString(event.metricType)) as quantity,
                event.entityId as entity_id,
                toInt64(event.metricValue) as amount,
                true as is_settled
            from {{ source.relation }} as event
            left any join {{ audit_names() }} as names on event.entityType = names.entity_type and event.metricType = names.name
            where {{ 'true' if source.takes_all else 'event.version > 0' }} and {{ in_sample('event.entityId') }}
        ) where {{ wanted('events', 'source_events') }}
        union all
        {%- endfor %}
        select '' as entity_type, '' as quantity, toInt32(0) as entity_id, toInt64(0) as amount, true as is_settled where false
    {%- endset -%}
    {%- set after -%}
        select * from ({{ audit_events('events') }})
        where (entity_type, quantity, writer) in (
            select pairs.entity_type, pairs.quantity, arrayJoin(pairs.writers)
            from {{ ref('audit_pairs') }} as pairs
            where pairs.hop = 'events' and pairs.is_doubtful
        )
    {%- endset -%}
    {{ compare_keys('events', before, after) }}
{% endmacro %}

{% macro audit_events(hop, unsettled_months='0') -%}
    {#- The event table itself, another way than its views go. -#}
    select
        toString(event.entityType) as entity_type,
        if(names.quantity != '', names.quantity, toString(event.metricType)) as quantity,
        event.entityId as entity_id,
        toInt64(event.metricValue) as amount,
        toYYYYMM(event.createdAt, 'UTC') not in ({{ unsettled_months }}) as is_settled,
        {{ event_writer() | indent(8) }} as writer,
        event.userId in (select excluded.user_id from {{ ref('excluded_users') }} as excluded) as is_excluded
    from {{ event_relation() }} as event
    left any join {{ audit_names() | indent(4) }} as names
        on event.entityType = names.entity_type and event.metricType = names.name
    where
        {{ in_sample('event.entityId') }}
        and event.entityType in (select entity_type from ({{ doubtful(hop) }}))
{%- endmacro %}

{% macro audit_totals_keys() %}
    {#- Events against days, and days against totals. -#}
    {%- set changed = unsettled_months() -%}
    {%- set events -%}
        select * from ({{ audit_events('days', changed) }}) where not is_excluded and {{ wanted('days') }}
    {%- endset -%}
    {%- set days -%}
        select entity_type, quantity, entity_id, total as amount, toYYYYMM(day) not in ({{ changed }}) as is_settled
        from {{ ref('metric_days') }}
        where {{ in_sample('entity_id') }} and {{ wanted('days') }}
    {%- endset -%}
    {{ compare_keys('days', events, days) }}
    union all
    {%- set rows -%}
        select entity_type, quantity, entity_id, total as amount, true as is_settled
        from {relation}
        where {{ in_sample('entity_id') }} and {{ wanted('totals') }}
    {%- endset -%}
    {{ compare_keys(
        'totals',
        rows.replace('{relation}', ref('metric_days') | string),
        rows.replace('{relation}', ref('metric_totals') | string)
    ) }}
{% endmacro %}

{% macro unsettled_months() -%}
    {#- Months that a refresh would build again: what differs there is newer. 0 is none. -#}
    {%- set days = api.Relation.create(schema=ref('metric_days').schema, identifier='built_days', type='table') -%}
    {{- changed_months(ref('metrics'), ref('excluded_users'), days) | map(attribute='month') | join(', ') or '0' -}}
{%- endmacro %}

{% macro audit_cache_keys() %}
    {#-
        Cached entities alone, with all that the totals have of them: one that is not cached loses nothing. Newer are entities that
        were counted after the cache was read, and those with events in months that were not counted yet, which the cache may have.
    -#}
    {%- set cached = cached_totals() -%}
    {%- set there = 'select entity_type, entity_id from ' ~ cached -%}
    select
        'cache' as hop,
        entity_type,
        quantity,
        {{ key_classes() }}
    from (
        select
            entity_type,
            quantity,
            entity_id,
            sum(was) as before,
            sum(is) as after,
            max(counted) > (
                select ifNull(parseDateTime64BestEffortOrNull(comment, 6, 'UTC'), toDateTime64('2200-01-01', 6, 'UTC'))
                from system.tables
                where database = '{{ cached.schema }}' and name = '{{ cached.identifier }}'
            )
            or (entity_type, entity_id) in (
                select toString(event.entity_type), event.entity_id
                from {{ ref('entity_metric_events') }} as event
                where toYYYYMM(event.created_at, 'UTC') in ({{ unsettled_months() }})
            ) as is_newer
        from (
            select
                toString(totals.entity_type) as entity_type,
                toString(totals.quantity) as quantity,
                totals.entity_id as entity_id,
                totals.total as was,
                toInt64(0) as is,
                totals.counted_at as counted
            from {{ ref('metric_totals') }} as totals
            where (totals.entity_type, totals.entity_id) in ({{ there }}) and {{ in_sample('totals.entity_id') }}
            union all
            select toString(entity_type), toString(quantity), entity_id, 0, total, toDateTime64(0, 6, 'UTC')
            from {{ cached }}
            where {{ in_sample('entity_id') }}
        )
        group by entity_type, quantity, entity_id
    )
    group by entity_type, quantity
{% endmacro %}

{% macro cached_totals() %}
    {#- What is in the cache, copied by whoever connects one. Its comment says when that was read. -#}
    {{ return(api.Relation.create(schema=ref('metric_totals').schema, identifier='cached_totals', type='table')) }}
{% endmacro %}

{% macro is_cache_connected() -%}
    {#- As SQL has it. -#}
    {%- set cached = cached_totals() -%}
    {{- 'true' if execute and table_exists(cached) and run_query('select count() from ' ~ cached).rows[0][0] > 0 else 'false' -}}
{%- endmacro %}
