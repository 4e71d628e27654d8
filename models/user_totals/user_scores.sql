-- For each user with content: the score of the window, and a fingerprint of what the user owns, by which user_totals knows
-- whom to count again. Whole each time: days leave the window without an event.
-- depends_on: {{ ref('engagement_weights') }}
{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='user_id',
        pre_hook='{{ before_user_scores() }}'
    )
}}

with owned as (
    select
        {{ entity_number('entity_type', 'entity_id') }} as entity,
        user_id
    from {{ ref('content_owners') }}
    where user_id is not null
),

worth as (
    select
        {{ entity_number('days.entity_type', 'days.entity_id') }} as entity,
        sum(days.total * weights.points) as points
    from {{ ref('built_days') }} as days
    inner join ({{ engagement_points() | indent(4) }}) as weights
        on days.entity_type = weights.entity_type and days.quantity = weights.quantity
    where {{ in_window('days.day') }}
    group by entity
)

select
    assumeNotNull(owned.user_id) as user_id,
    {{ as_score('sum(worth.points)') }} as score,
    sum(cityHash64(owned.entity)) as fingerprint
from owned
left join worth on owned.entity = worth.entity
group by owned.user_id
