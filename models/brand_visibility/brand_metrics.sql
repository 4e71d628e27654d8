{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='metric_fact_id',
        pre_hook='{{ assert_tables_not_shrunk() }}'
    )
}}

select
    positions.collector_result_id as metric_fact_id,
    positions.visibility_index,
    positions.share_of_answers,
    coalesce(positions.has_brand_presence, false)::Bool as has_brand_presence,
    positions.brand_first_position,
    positions.positions as brand_positions,
    coalesce(positions.mentions, 0) as total_brand_mentions,
    coalesce(positions.total_word_count, 0) as total_word_count
from {{ ref('settled_positions') }} as positions
where
    positions.is_brand
    and positions.reason = ''
