-- All totals of an entity in a row; the last one that was counted holds. Only entities whose days changed are counted again.
-- A lookup of a thousand entities reads a thousand granules: small ones, in blocks of their own, halve its time.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        engine='ReplacingMergeTree(counted_at, is_gone)',
        order_by='(entity_type, entity_id)',
        settings={'index_granularity': 64, 'min_compress_block_size': 4096, 'max_compress_block_size': 16384},
        pre_hook='{{ before_counting() }}',
        post_hook='{{ after_counting() }}'
    )
}}
{{ only_if_changed(months_to_count()) }}
with totals as (
    select
        days.entity_type as entity_type,
        days.entity_id as entity_id,
        days.quantity as quantity,
        sum(days.total) as total,
        sum(days.events) as events,
        max(days.last_event) as last_event
    from {{ ref('built_days') }} as days
    {% if is_incremental() -%}
        prewhere days.entity_id in (select touched.entity_id from {{ touched_entities() }} as touched)
        where (days.entity_type, days.entity_id) in (
            select
                touched.entity_type,
                touched.entity_id
            from {{ touched_entities() }} as touched
        )
    {%- else -%}
        where days.entity_type != ''
    {%- endif %}
    group by days.entity_type, days.entity_id, days.quantity

    {% if is_incremental() %}
        -- An entity that has no days any more is gone.
        union all
        select
            entity_type,
            entity_id,
            toLowCardinality('') as quantity,
            toInt64(0) as total,
            toUInt64(0) as events,
            toDateTime(0, 'UTC') as last_event
        from {{ touched_entities() }}
    {% endif %}
),

entities as (
    select
        entity_type,
        entity_id,
        arraySort(groupArrayIf((quantity, (total, events, last_event)), quantity != '')) as found
    from totals
    group by entity_type, entity_id
)

select
    entity_type,
    entity_id,
    cast(
        mapFromArrays(found.1, found.2),
        'Map(LowCardinality(String), Tuple(total Int64, events UInt64, last_event DateTime(\'UTC\')))'
    ) as totals,
    {% if is_incremental() -%}
        -- Later than all before, whatever the clock says.
        (select greatest(now64(6, 'UTC'), max(last.counted_at) + interval 1 microsecond) from {{ this }} as last) as counted_at,
    {%- else -%}
        now64(6, 'UTC') as counted_at,
    {%- endif %}
    toUInt8(empty(found)) as is_gone
from entities
