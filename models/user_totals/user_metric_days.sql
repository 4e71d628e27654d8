-- What users got on a day, in UTC: the days of all that they own now. Followers are from the events, which tell gained from lost.
{{ config(materialized='view') }}

with facts as (
    select
        owners.user_id as user_id,
        days.day as day,
        days.entity_type as entity_type,
        days.quantity as quantity,
        days.total as total,
        days.total * weights.points as points,
        toInt64(0) as gained,
        toInt64(0) as lost
    from {{ ref('built_days') }} as days
    inner join {{ ref('content_owners') }} as owners
        on days.entity_type = owners.entity_type and days.entity_id = owners.entity_id
    left any join ({{ engagement_points() | indent(4) }}) as weights
        on days.entity_type = weights.entity_type and days.quantity = weights.quantity
    where owners.user_id is not null

    union all
    select
        entity_id as user_id,
        toDate(created_at, 'UTC') as day,
        entity_type,
        quantity,
        toInt64(0) as total,
        toInt64(0) as points,
        greatest(metric_value, 0) as gained,
        greatest(-metric_value, 0) as lost
    from {{ ref('entity_metric_events') }}
    where
        entity_type = 'User'
        and quantity = 'followerCount'
)

select
    assumeNotNull(facts.user_id) as user_id,
    facts.day as day,
    sum(facts.gained) as followersGained,
    sum(facts.lost) as followersLost,
    sumIf(facts.total, {{ is_of('uploadCount') }}) as uploads,
    sumIf(facts.total, {{ is_of('reactionsReceived') }}) as reactionsReceived,
    sumIf(facts.total, {{ is_of('downloadsReceived') }}) as downloadsReceived,
    sumIf(facts.total, {{ is_of('generationsReceived') }}) as generationsReceived,
    {{ as_score('sum(facts.points)') }} as engagementScore
from facts
group by facts.user_id, facts.day
