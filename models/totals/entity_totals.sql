-- One row per entity, a column for each quantity of the registry; 0 where it has none of it.
{{ config(materialized='view') }}

select
    entity_type,
    entity_id,
    {% for quantity in registered_quantities() -%}
        tupleElement(totals['{{ quantity }}'], 'total') as {{ quantity }},
    {% endfor -%}
    counted_at
from {{ ref('counted_entities') }} final
-- The columns are those of {{ ref('metrics') }}.
