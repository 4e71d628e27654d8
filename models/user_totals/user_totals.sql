-- One row per user. Who was not touched keeps the sums of the row before; scores and ranks are anew for all.
-- depends_on: {{ ref('content_owners') }}
-- depends_on: {{ ref('counted_entities') }}
{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='user_id',
        pre_hook='{{ before_user_totals() }}',
        post_hook='{{ after_user_totals() }}'
    )
}}
{%- set sums = user_quantities().keys() | join(',\n        ') %}

with counted as (
    {% for table in [touched_users(), users_before()] if table -%}
        select
            user_id,
            {{ sums | indent(8) }},
            fingerprint,
            counted_at
        from {{ table }}
        {% if not loop.first %}where user_id not in (select touched.user_id from {{ touched_users() }} as touched){% endif %}
        {%- if not loop.last %}

            union all
        {% endif %}
    {%- endfor %}
),

ranked as (
    select
        counted.user_id as user_id,
        scores.score as score,
        counted.user_id in (
            {{ users_with_ranks() | indent(12) }}
        ) as may_have_one,
        row_number() over (
            partition by may_have_one order by scores.score desc, counted.downloadsReceived desc, counted.user_id asc
        ) as place
    from counted
    left any join {{ ref('user_scores') }} as scores on counted.user_id = scores.user_id
)

select
    {% for column in ['user_id'] + user_quantities().keys() | list + ['fingerprint', 'counted_at'] -%}
        counted.{{ column }} as {{ column }},
    {% endfor -%}
    {% for column, parts in user_columns_together().items() -%}
        counted.{{ parts | join(' + counted.') }} as {{ column }},
    {% endfor -%}
    ranked.score as engagementScore,
    if(ranked.may_have_one, ranked.place, null) as rank,
    ({{ totals_until() }}) as totals_until,
    now64(6, 'UTC') as refreshed_at
from counted
left any join ranked on counted.user_id = ranked.user_id
