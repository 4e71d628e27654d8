{{ config(materialized='pull', meta={'range_key': 'userId'}) }}

select
    userId,
    followerCount,
    followingCount,
    hiddenCount,
    uploadCount,
    reviewCount,
    reactionCount
from {{ source('postgres', 'UserMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
