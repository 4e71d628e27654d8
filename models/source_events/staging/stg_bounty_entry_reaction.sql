{{ config(materialized='pull', meta={'range_key': 'bountyEntryId'}) }}

select
    bountyEntryId,
    userId,
    reaction,
    createdAt
from {{ source('postgres', 'BountyEntryReaction') }}
where {{ range_filter() }}
