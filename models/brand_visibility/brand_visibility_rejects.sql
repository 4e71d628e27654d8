{{ config(materialized='table', engine='MergeTree()', order_by='(reason, source_id)') }}

select
    positions.source_id,
    toNullable(positions.collector_result_id) as collector_result_id,
    toLowCardinality(if(positions.is_brand, 'brand', 'competitor')) as row_kind,
    toLowCardinality(if(positions.reason = '', 'sentiment', 'row')) as rejected,
    toLowCardinality(if(positions.reason = '', positions.sentiment_reason, positions.reason)) as reason,
    positions.brand_id,
    nullIf(positions.competitor_name, '') as competitor_name
from {{ ref('settled_positions') }} as positions
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
    nullIf(unanswered.competitor_name, '') as competitor_name
from {{ ref('stg_extracted_positions') }} as unanswered
where unanswered.collector_result_id is null
