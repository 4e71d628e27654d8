{{ config(materialized='pull', meta={'range_key': 'imageId'}) }}

select
    imageId,
    likeCount,
    dislikeCount,
    laughCount,
    cryCount,
    heartCount,
    commentCount,
    collectedCount,
    tippedCount,
    tippedAmountCount,
    viewCount
from {{ source('postgres', 'ImageMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
