-- Sums since a day, in UTC: today, and today less 7, 30 or 365 days.
{{ config(materialized='view') }}
{% set today = "toDate(now('UTC'))" %}

select
    days.entity_type as entity_type,
    days.quantity as quantity,
    days.entity_id as entity_id,
    sumIf(days.total, days.day >= {{ today }}) as day,
    sumIf(days.total, days.day >= {{ today }} - 7) as week,
    sumIf(days.total, days.day >= {{ today }} - 30) as month,
    sumIf(days.total, days.day >= {{ today }} - 365) as year,
    sum(days.total) as all_time,
    max(days.last_event) as last_event
from {{ ref('metric_days') }} as days
group by days.entity_type, days.quantity, days.entity_id
