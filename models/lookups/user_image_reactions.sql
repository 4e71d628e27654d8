-- Which reactions a user has to an image, as a number of flags. For lookups by user and images, whose filter reaches the events.
{{ config(materialized='view') }}
{% set flags = {'Like': 1, 'Heart': 2, 'Laugh': 4, 'Cry': 8} %}

with reactions as (
    select
        user_id,
        entity_id as image_id,
        quantity,
        sum(metric_value) as total
    from {{ ref('entity_metric_events') }}
    where
        entity_type = 'Image'
        and quantity in ('{{ flags | join("', '") }}')
        -- The metric tables count for the user -1.
        and not (version = 3 and user_id = -1)
    group by user_id, image_id, quantity
)

select
    reactions.user_id as user_id,
    reactions.image_id as image_id,
    sum(transform(toString(reactions.quantity), {{ flags.keys() | list }}, {{ flags.values() | list }}, 0)) as flags
from reactions
where reactions.total > 0
group by reactions.user_id, reactions.image_id
