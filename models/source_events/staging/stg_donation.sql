{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    donationGoalId,
    userId,
    amount,
    createdAt
from {{ source('postgres', 'Donation') }}
where {{ range_filter() }}
