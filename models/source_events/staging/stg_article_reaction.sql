{{ config(materialized='pull', meta={'range_key': 'id'}) }}

select
    id,
    articleId,
    userId,
    toLowCardinality(reaction) as reaction,
    createdAt
from {{ source('postgres', 'ArticleReaction') }}
where {{ range_filter() }}
