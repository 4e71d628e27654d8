{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    userId,
    postId,
    createdAt
from {{ source('postgres', 'Image') }}
where {{ range_filter() }}
