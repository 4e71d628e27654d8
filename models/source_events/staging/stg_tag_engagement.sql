{{ config(materialized='pull', meta={'range_key': 'userId'}) }}

select
    userId,
    tagId,
    type,
    createdAt
from {{ source('postgres', 'TagEngagement') }}
where {{ range_filter() }}
