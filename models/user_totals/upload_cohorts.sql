-- Who uploaded for the first time in a month, and how many of them uploaded again n months later.
{{ config(materialized='view') }}

with months as (
    select
        owners.user_id as user_id,
        toStartOfMonth(days.day) as month
    from {{ ref('built_days') }} as days
    inner join {{ ref('content_owners') }} as owners
        on days.entity_type = owners.entity_type and days.entity_id = owners.entity_id
    where
        days.entity_type in ('Model', 'Post', 'Image')
        and days.quantity = 'Upload'
        and owners.user_id != -1
    group by user_id, month
    having sum(days.total) > 0
),

uploaders as (
    select
        user_id,
        min(month) as cohort_month,
        groupArray(month) as active_months
    from months
    group by user_id
),

cohorts as (
    select
        cohort_month,
        count() as users,
        sumMap(
            arrayMap(month -> toUInt16(dateDiff('month', cohort_month, month)), active_months),
            arrayMap(month -> toUInt64(1), active_months)
        ) as active,
        max(max(arrayMax(active_months))) over () as last_month
    from uploaders
    group by cohort_month
)

select
    cohort_month,
    arrayJoin(range(toUInt16(dateDiff('month', cohort_month, last_month) + 1))) as month_number,
    users,
    active.2[indexOf(active.1, month_number)] as active_users,
    toDecimal64(active_users, 4) / users as share_active
from cohorts
