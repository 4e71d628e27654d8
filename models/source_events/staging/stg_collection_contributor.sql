{{ config(materialized='pull', meta={'range_key': 'userId'}) }}

select
    userId,
    collectionId,
    permissions,
    createdAt,
    updatedAt
from {{ source('postgres', 'CollectionContributor') }}
where {{ range_filter() }}
