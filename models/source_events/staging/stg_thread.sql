{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    imageId,
    postId,
    articleId,
    bountyId
from {{ source('postgres', 'Thread') }}
where {{ range_filter() }}
