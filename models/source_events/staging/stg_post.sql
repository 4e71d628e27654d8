{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    userId,
    createdAt
from {{ source('postgres', 'Post') }}
where {{ range_filter() }}
