{{ config(materialized='pull', meta={'range_key': 'bountyEntryId'}) }}

select
    bountyEntryId,
    likeCount,
    dislikeCount,
    laughCount,
    cryCount,
    heartCount,
    unitAmountCount,
    tippedCount,
    tippedAmountCount
from {{ source('postgres', 'BountyEntryMetric') }}
where
    timeframe = 'AllTime'
    and {{ range_filter() }}
