{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    modelId
from {{ source('postgres', 'ModelVersion') }}
where {{ range_filter() }}
