{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    userId,
    publishedAt
from {{ source('postgres', 'Article') }}
where {{ range_filter() }}
