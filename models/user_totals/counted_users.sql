-- All that a user shows in one column. Who was not touched keeps the sums of the row before; scores and ranks are anew for all.
-- A lookup of a thousand users reads a thousand granules of each column: small ones, of few columns.
-- depends_on: {{ ref('content_owners') }}
-- depends_on: {{ ref('counted_entities') }}
{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='user_id',
        settings={'index_granularity': 64, 'min_compress_block_size': 4096, 'max_compress_block_size': 16384},
        pre_hook='{{ before_counted_users() }}',
        post_hook='{{ after_counted_users() }}'
    )
}}

with counted as (
    {% for table in [touched_users(), users_before()] if table -%}
        select
            user_id,
            numbers,
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
            partition by may_have_one
            order by scores.score desc, counted.{{ user_number('downloadsReceived') }} desc, counted.user_id asc
        ) as place
    from counted
    left any join {{ ref('user_scores') }} as scores on counted.user_id = scores.user_id
)

select
    counted.user_id as user_id,
    arrayConcat(arrayResize(counted.numbers, {{ user_quantities() | length }}), [
        toInt64(ranked.score * 10000),
        toInt64(if(ranked.may_have_one, ranked.place, 0)),
        toUnixTimestamp64Micro(now64(6, 'UTC'))
    ]) as numbers,
    counted.fingerprint as fingerprint,
    counted.counted_at as counted_at,
    ({{ totals_until() }}) as totals_until
from counted
left any join ranked on counted.user_id = ranked.user_id
