{{ config(materialized='pull', meta={'range_key': 'bountyEntryId'}) }}

select
    bountyEntryId,
    userId,
    toLowCardinality(reaction) as reaction,
    createdAt
from {{ source('postgres', 'BountyEntryReaction') }}
where {{ range_filter() }}
