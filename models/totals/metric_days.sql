{{ config(materialized='view') }}

select
    entity_type,
    quantity,
    entity_id,
    day,
    total,
    events,
    last_event
from {{ ref('built_days') }}
where entity_type != ''
