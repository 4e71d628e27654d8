{{ config(materialized='pull', meta={'range_key': 'id'}) }}

-- Staged after the tables whose rows are joined to it, so that none of them is newer than this:
-- depends_on: {{ ref('stg_bounty_entry_reaction') }}
select
    id,
    bountyId,
    userId,
    createdAt
from {{ source('postgres', 'BountyEntry') }}
where {{ range_filter() }}
