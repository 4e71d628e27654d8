{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    threadId,
    userId,
    createdAt
from {{ source('postgres', 'CommentV2') }}
where {{ range_filter() }}
