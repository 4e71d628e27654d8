{{ config(materialized='pull', meta={'range_key': 'id'}) }}

-- Staged after the tables whose rows are joined to it, so that none of them is newer than this:
-- depends_on: {{ ref('stg_comment_v2') }}
select
    id,
    imageId,
    postId,
    articleId,
    bountyId
from {{ source('postgres', 'Thread') }}
where {{ range_filter() }}
