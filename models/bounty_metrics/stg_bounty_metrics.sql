{{ config(materialized='pull', meta={'range_key': 'bountyId'}) }}

select
    bountyId,
    favoriteCount,
    trackCount,
    entryCount,
    benefactorCount,
    unitAmountCount,
    commentCount
from {{ source('postgres', 'BountyMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
