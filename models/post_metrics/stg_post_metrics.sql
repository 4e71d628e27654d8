{{ config(materialized='pull', meta={'range_key': 'postId'}) }}

select
    postId,
    likeCount,
    dislikeCount,
    laughCount,
    cryCount,
    heartCount,
    commentCount,
    collectedCount,
    tippedCount,
    tippedAmountCount
from {{ source('postgres', 'PostMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
