-- Totals as of now, given the row of totals_state: months that were not counted yet are summed from the events.
-- For lookups of some entities, whose filter reaches all four parts.
{{ config(materialized='view') }}
{% do ref('totals_state') %}
{% set counted, touched = counted_days(), touched_entities() %}
{% set uncounted_months = view_parameter('uncounted_months', 'Array(UInt32)') %}
{% set is_refreshing = view_parameter('is_refreshing', 'UInt8') %}
{% set is_refreshing_all = view_parameter('is_refreshing_all', 'UInt8') %}
{% set is_uncertain = '(entity_type, entity_id) in (select uncertain.entity_type, uncertain.entity_id from uncertain)' %}

with
-- Entities whose totals may be of before or after the refresh that counts them just now.
uncertain as (
    select
        touched.entity_type as entity_type,
        touched.entity_id as entity_id
    from {{ touched }} as touched
    where {{ is_refreshing }}
),

sums as (
    select
        entity_type,
        entity_id,
        quantity,
        total
    from {{ ref('metric_totals') }}
    where
        not {{ is_refreshing_all }}
        and not {{ is_uncertain }}

    union all
    select
        entity_type,
        entity_id,
        quantity,
        -total as total
    from {{ counted }}
    where
        not {{ is_refreshing_all }}
        and entity_type != ''
        and toYYYYMM(day) in {{ uncounted_months }}
        and not {{ is_uncertain }}

    union all
    select
        entity_type,
        entity_id,
        quantity,
        toInt64(metric_value) as total
    from {{ ref('entity_metric_events') }}
    where toYYYYMM(created_at, 'UTC') in {{ uncounted_months }}

    union all
    select
        entity_type,
        entity_id,
        quantity,
        toInt64(metric_value) as total
    from {{ ref('entity_metric_events') }}
    where
        toYYYYMM(created_at, 'UTC') not in {{ uncounted_months }}
        and {{ is_uncertain }}
)

select
    sums.entity_type as entity_type,
    sums.entity_id as entity_id,
    sums.quantity as quantity,
    sum(sums.total) as total
from sums
group by sums.entity_type, sums.entity_id, sums.quantity
