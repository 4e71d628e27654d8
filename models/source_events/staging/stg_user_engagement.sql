{{ config(materialized='pull', meta={'range_key': 'userId'}) }}

select
    userId,
    targetUserId,
    type,
    createdAt
from {{ source('postgres', 'UserEngagement') }}
where {{ range_filter() }}
