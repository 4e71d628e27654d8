{{ config(materialized='pull', meta={'range_key': 'toUserId'}) }}

select
    entityType,
    entityId,
    toUserId,
    fromUserId,
    amount,
    createdAt
from {{ source('postgres', 'BuzzTip') }}
where {{ range_filter() }}
