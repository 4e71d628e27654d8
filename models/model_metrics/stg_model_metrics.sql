{{ config(materialized='pull', meta={'range_key': 'modelId'}) }}

select
    modelId,
    ratingCount,
    downloadCount,
    commentCount,
    collectedCount,
    imageCount,
    tippedCount,
    tippedAmountCount,
    generationCount,
    thumbsUpCount,
    thumbsDownCount,
    earnedAmount
from {{ source('postgres', 'ModelMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
