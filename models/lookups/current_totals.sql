-- The same for readers who have not read totals_state, which is read once here.
{{ config(materialized='view') }}
{% set state = ref('totals_state') %}

select
    entity_type,
    entity_id,
    quantity,
    total
from {{ ref('totals_in_state') }}(
    uncounted_months = (select uncounted_months from {{ state }}),
    is_refreshing = (select is_refreshing from {{ state }}),
    is_refreshing_all = (select is_refreshing_all from {{ state }})
)
