{{ config(materialized='pull', meta={'range_key': 'articleId'}) }}

select
    articleId,
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
from {{ source('postgres', 'ArticleMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
