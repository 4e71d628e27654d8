{{ config(materialized='pull', meta={'range_key': 'bountyId'}) }}

select
    bountyId,
    userId,
    type,
    createdAt
from {{ source('postgres', 'BountyEngagement') }}
where {{ range_filter() }}
