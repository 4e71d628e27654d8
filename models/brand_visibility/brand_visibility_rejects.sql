{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='(reason, source_id)',
        pre_hook='{{ create_missing_snapshot() }}'
    )
}}

-- Nobody has that name now, and a competitor who is gone had it. The time is null where the snapshot has not seen it go.
with removed_competitors as (
    select
        history.brand_id,
        history.competitor_name,
        toNullable(true) as is_removed,
        max(history.dbt_valid_to) as removed_at
    from {{ ref('brand_competitors_history') }} as history
    where history.id not in (select known.id from {{ ref('stg_brand_competitors') }} as known)
    group by history.brand_id, history.competitor_name
)

select
    positions.source_id,
    toNullable(positions.collector_result_id) as collector_result_id,
    toLowCardinality(if(positions.is_brand, 'brand', 'competitor')) as row_kind,
    toLowCardinality(if(positions.reason = '', 'sentiment', 'row')) as rejected,
    toLowCardinality(multiIf(
        positions.reason = '', positions.sentiment_reason,
        positions.reason = 'unknown_competitor' and removed.is_removed, 'removed_competitor',
        positions.reason
    )) as reason,
    positions.brand_id,
    nullIf(positions.competitor_name, '') as competitor_name,
    if(reason = 'removed_competitor', removed.removed_at, null) as removed_at
from {{ ref('settled_positions') }} as positions
left join removed_competitors as removed
    on positions.brand_id = removed.brand_id and positions.competitor_name = removed.competitor_name
where
    positions.reason != ''
    or positions.sentiment_reason != ''

union all

select
    unanswered.id as source_id,
    unanswered.collector_result_id,
    toLowCardinality(if(unanswered.competitor_name = '', 'brand', 'competitor')) as row_kind,
    toLowCardinality('row') as rejected,
    toLowCardinality('null_collector_result_id') as reason,
    toNullable(unanswered.brand_id) as brand_id,
    nullIf(unanswered.competitor_name, '') as competitor_name,
    null as removed_at
from {{ ref('stg_extracted_positions') }} as unanswered
where unanswered.collector_result_id is null
