{{ config(materialized='pull', meta={'range_key': 'imageId'}) }}

select
    imageId,
    modelVersionId
from {{ source('postgres', 'ImageResourceNew') }}
where {{ range_filter() }}
