{{ config(materialized='pull', meta={'range_key': 'collectionId'}) }}

select
    collectionId,
    followerCount,
    itemCount,
    contributorCount
from {{ source('postgres', 'CollectionMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
