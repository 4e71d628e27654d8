{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='(metric_fact_id, competitor_id)',
        pre_hook='{{ assert_tables_not_shrunk() }}'
    )
}}

select
    positions.collector_result_id as metric_fact_id,
    assumeNotNull(positions.competitor_id) as competitor_id,
    positions.visibility_index,
    positions.share_of_answers,
    positions.positions as competitor_positions,
    coalesce(positions.mentions, 0) as competitor_mentions,
    -- Derived: element 1 of an empty list would be 0.
    if(empty(positions.positions), null, positions.positions[1]) as competitor_first_position,
    coalesce(positions.mentions > 0, false)::Bool as has_competitor_presence
from {{ ref('settled_positions') }} as positions
where
    not positions.is_brand
    and positions.reason = ''
