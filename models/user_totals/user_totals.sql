-- One row per user, a column for each sum.
{{ config(materialized='view') }}

select
    user_id,
    {% for column in user_quantities() -%}
        {{ user_sum(column) }} as {{ column }},
    {% endfor -%}
    fingerprint,
    counted_at,
    {% for column, parts in user_columns_together().items() -%}
        {{ parts | join(' + ') }} as {{ column }},
    {% endfor -%}
    score as engagementScore,
    nullIf(place, 0) as rank,
    totals_until,
    refreshed_at
from {{ ref('counted_users') }}
