{{ config(materialized='pull', meta={'range_key': 'bountyId'}) }}

select
    bountyId,
    userId,
    unitAmount,
    awardedToId,
    awardedAt,
    createdAt,
    updatedAt
from {{ source('postgres', 'BountyBenefactor') }}
where {{ range_filter() }}
