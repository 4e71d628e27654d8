{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    bountyId,
    userId,
    createdAt
from {{ source('postgres', 'BountyEntry') }}
where {{ range_filter() }}
