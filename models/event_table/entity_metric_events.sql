-- The events that count. This is the one place where users are left out, for every reader.
{{ config(materialized='view', pre_hook='{{ assert_exclusions_fit() }}') }}

select *
from {{ ref('named_events') }}
where user_id not in (select excluded.user_id from {{ ref('excluded_users') }} as excluded)
