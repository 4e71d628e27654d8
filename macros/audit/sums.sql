{#- Sums of each side, without grouping by keys: see models/audit/audit_sums.sql. -#}

{% macro audit_sums(sources) %}
    with names as {{ audit_names() | indent(4) }},

    aggregated as (
        {%- for source in sources if source.is_built %}
        {{ staged_sums(source) if source.job == 'metric_tables' else package_sums(source) }}
        union all
        {%- endfor %}
        {{ event_sums() }}
    )

    select
        aggregated.side as side,
        toString(aggregated.entity_type) as entity_type,
        if(names.quantity != '', names.quantity, toString(aggregated.name)) as quantity,
        {#- Null, where one of several names is without. -#}
        if(countIf(isNull(aggregated.key_count)) > 0, null, sum(aggregated.key_count)) as key_count,
        sum(aggregated.total) as total,
        sum(aggregated.fingerprint) as fingerprint
    from aggregated
    left any join names on aggregated.entity_type = names.entity_type and aggregated.name = names.name
    group by side, entity_type, quantity

    union all
    select
        'days' as side,
        toString(days.entity_type) as entity_type,
        toString(days.quantity) as quantity,
        cast(null, 'Nullable(UInt64)') as key_count,
        sum(days.total) as total,
        {{ by_key('days.entity_id', 'days.total') }} as fingerprint
    from {{ ref('metric_days') }} as days
    where {{ in_sample('days.entity_id') }}
    group by entity_type, quantity

    union all
    select
        'totals' as side,
        toString(counted.entity_type) as entity_type,
        toString(counted.quantity) as quantity,
        countIf(counted.total != 0) as key_count,
        sum(counted.total) as total,
        {{ by_key('counted.entity_id', 'counted.total') }} as fingerprint
    from {{ ref('metric_totals') }} as counted
    where {{ in_sample('counted.entity_id') }}
    group by entity_type, quantity
{% endmacro %}

{% macro staged_sums(source) -%}
    {#- Column by column, which is a tenth of the work of unpivoting. `name` is the quantity. -#}
    select
        'staged' as side,
        '{{ source.entity_type }}' as entity_type,
        sums.1 as name,
        sums.2 as key_count,
        sums.3 as total,
        sums.4 as fingerprint
    from (
        select
            arrayJoin([
                {%- for column in legacy_columns(source.name) %}
                {%- set cell = 'toInt64(ifNull(' ~ column['legacy_column'] ~ ', 0))' %}
                (
                    '{{ column['quantity'] }}',
                    toNullable(countIf({{ cell }} != 0)),
                    sum({{ cell }}),
                    {{ by_key('toInt32(' ~ source.key ~ ')', cell) }}
                )
                {{- ',' if not loop.last }}
                {%- endfor %}
            ]) as sums
        from {{ source.relation }}
        where {{ in_sample(source.key) }}
    )
{%- endmacro %}

{% macro package_sums(source) -%}
    select
        'package' as side,
        toString(entityType) as entity_type,
        toString(metricType) as name,
        cast(null, 'Nullable(UInt64)') as key_count,
        sum(metricValue) as total,
        {{ by_key('entityId', 'metricValue') }} as fingerprint
    from {{ source.relation }}
    where {{ 'true' if source.takes_all else 'version > 0' }} and {{ in_sample('entityId') }}
    group by entityType, metricType
{%- endmacro %}

{% macro event_sums() -%}
    {#- The event table itself, another way than its views go: the events of each writer, and all that count. -#}
    select
        arrayJoin(if(is_excluded, [writer], [writer, 'events'])) as side,
        toString(entityType) as entity_type,
        toString(metricType) as name,
        cast(null, 'Nullable(UInt64)') as key_count,
        sum(amount) as total,
        sum(part) as fingerprint
    from (
        select
            entityType,
            metricType,
            {{ event_writer() | indent(12) }} as writer,
            userId in (select excluded.user_id from {{ ref('excluded_users') }} as excluded) as is_excluded,
            sum(metricValue) as amount,
            {{ by_key('entityId', 'metricValue') }} as part
        from {{ event_relation() }}
        where {{ in_sample('entityId') }}
        group by entityType, metricType, writer, is_excluded
    )
    group by side, entity_type, name
{%- endmacro %}
