{{ config(materialized='pull', meta={'range_key': 'id'}) }}

-- Staged after the tables whose rows are joined to it, so that none of them is newer than this:
-- depends_on: {{ ref('stg_image_reaction') }}
-- depends_on: {{ ref('stg_image_resource_new') }}
select
    id,
    userId,
    postId,
    createdAt
from {{ source('postgres', 'Image') }}
where {{ range_filter() }}
