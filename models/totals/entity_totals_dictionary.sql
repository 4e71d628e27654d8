-- For lookups in milliseconds: dictGet('entity_totals_dictionary', 'commentCount', ('Image', 1)).
{{
    config(
        materialized='dictionary',
        primary_key='entity_type, entity_id',
        layout='complex_key_hashed_array',
        lifetime='min ' ~ var('dictionary_lifetime') ~ ' max ' ~ var('dictionary_lifetime')
    )
}}

select * except (counted_at)
from {{ ref('entity_totals') }}
