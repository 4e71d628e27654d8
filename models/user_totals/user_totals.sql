-- One row per user, a column for each number.
{{ config(materialized='view') }}

select
    user_id,
    {% for column in user_quantities() -%}
        {{ user_number(column) }} as {{ column }},
    {% endfor -%}
    fingerprint,
    counted_at,
    {% for column, parts in user_columns_together().items() -%}
        {{ parts | join(' + ') }} as {{ column }},
    {% endfor -%}
    {{ as_score(user_number('engagementScore')) }} as engagementScore,
    nullIf({{ user_number('rank') }}, 0) as rank,
    totals_until,
    fromUnixTimestamp64Micro({{ user_number('refreshed_at') }}, 'UTC') as refreshed_at
from {{ ref('counted_users') }}
