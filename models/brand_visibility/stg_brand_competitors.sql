{{ config(materialized='pull', order_by='id', pre_hook='{{ assert_competitors_not_shrunk() }}') }}

-- No range key: the ids are uuids, and a few thousand rows are one range.
select
    id,
    brand_id,
    competitor_name
from {{ source('brand_visibility', 'brand_competitors') }}
where {{ range_filter() }}
