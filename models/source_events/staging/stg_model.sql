{{ config(materialized='pull', meta={'range_key': 'id'}) }}

-- Staged after the tables whose rows are joined to it, so that none of them is newer than this:
-- depends_on: {{ ref('stg_model_version') }}
select
    id,
    userId,
    deletedAt,
    createdAt
from {{ source('postgres', 'Model') }}
where {{ range_filter() }}
