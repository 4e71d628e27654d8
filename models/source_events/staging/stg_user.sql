{{ config(materialized='pull', meta={'range_key': 'id'}) }}

-- Staged after the tables whose rows are joined to it, so that none of them is newer than this:
-- depends_on: {{ ref('stg_model') }}
-- depends_on: {{ ref('stg_post') }}
-- depends_on: {{ ref('stg_image') }}
-- depends_on: {{ ref('stg_article') }}
-- depends_on: {{ ref('stg_bounty_entry') }}
select
    id,
    deletedAt,
    bannedAt
from {{ source('postgres', 'User') }}
where {{ range_filter() }}
