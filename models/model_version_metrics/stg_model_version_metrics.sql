{{ config(materialized='pull', meta={'range_key': 'modelVersionId'}) }}

select
    modelVersionId,
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
from {{ source('postgres', 'ModelVersionMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
