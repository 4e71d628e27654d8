{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    imageId,
    userId,
    toLowCardinality(reaction) as reaction,
    createdAt
from {{ source('postgres', 'ImageReaction') }}
where {{ range_filter() }}
