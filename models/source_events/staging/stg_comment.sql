{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    modelId,
    userId,
    tosViolation,
    createdAt
from {{ source('postgres', 'Comment') }}
where {{ range_filter() }}
