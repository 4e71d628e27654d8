{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    modelId,
    modelVersionId,
    userId,
    recommended,
    exclude,
    tosViolation,
    createdAt
from {{ source('postgres', 'ResourceReview') }}
where {{ range_filter() }}
