{{ config(materialized='pull', meta={'range_key': 'tagId'}) }}

select
    tagId,
    followerCount,
    hiddenCount,
    modelCount,
    imageCount,
    postCount,
    articleCount
from {{ source('postgres', 'TagMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
