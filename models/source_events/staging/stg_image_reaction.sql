{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    imageId,
    userId,
    reaction,
    createdAt
from {{ source('postgres', 'ImageReaction') }}
where {{ range_filter() }}
