{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='collector_result_id',
        pre_hook='{{ assert_tables_not_shrunk() }}'
    )
}}

select
    positions.collector_result_id as id,
    positions.collector_result_id,
    assumeNotNull(positions.brand_id) as brand_id,
    assumeNotNull(positions.customer_id) as customer_id,
    assumeNotNull(positions.query_id) as query_id,
    toLowCardinality(assumeNotNull(positions.collector_type)) as collector_type,
    toLowCardinality(positions.topic) as topic,
    assumeNotNull(positions.processed_at)::DateTime64(6, 'UTC') as processed_at,
    assumeNotNull(coalesce(positions.created_at, positions.processed_at))::DateTime64(6, 'UTC') as created_at
from {{ ref('settled_positions') }} as positions
where
    positions.is_brand
    and positions.reason = ''
