{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    collectionId,
    articleId,
    postId,
    imageId,
    modelId,
    addedById,
    createdAt,
    updatedAt
from {{ source('postgres', 'CollectionItem') }}
where {{ range_filter() }}
