{{ config(materialized='view') }}

select
    entity_type,
    entity_id,
    found.1 as quantity,
    tupleElement(found.2, 'total') as total,
    tupleElement(found.2, 'events') as events,
    tupleElement(found.2, 'last_event') as last_event,
    counted_at
from {{ ref('counted_entities') }} final
array join totals as found
