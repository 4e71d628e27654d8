-- Each quantity at each hop, from Postgres to the cache: keys, sums, and what was lost or added on the way, with the worst keys.
{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='(entity_type, quantity, hop)',
        query_settings={'max_bytes_before_external_group_by': 1000000000, 'max_bytes_ratio_before_external_group_by': 0}
    )
}}
{% for name in ['metrics', 'excluded_users', 'audit_drifted', 'metric_days', 'metric_totals', 'entity_metric_events'] %}
    {% do ref(name) %}
{% endfor %}
{% set sources = audited_sources(ask_postgres=true) if execute else [] %}

with looked_at as (
    {{ audit_keys(sources) if execute else no_keys() }}
),

hops as (
    select
        pairs.*,
        looked_at.* except (hop, entity_type, quantity),
        pairs.is_doubtful or pairs.hop = 'cache' as is_whole,
        -- Not looked at whole: what was looked at is the exception, and the rest is equal.
        if(is_whole, 0, pairs.key_count - looked_at.left_keys) as rest_keys
    from {{ ref('audit_pairs') }} as pairs
    left join looked_at
        on pairs.hop = looked_at.hop and pairs.entity_type = looked_at.entity_type and pairs.quantity = looked_at.quantity
    where
        (pairs.hop != 'staged' or pairs.source in ({{ names_of(sources, 'live') }}))
        and (pairs.hop != 'cache' or {{ is_cache_connected() }})
)

select
    hops.entity_type as entity_type,
    hops.quantity as quantity,
    hops.hop as hop,
    indexOf(['staged', 'events', 'days', 'totals', 'cache'], hops.hop) as hop_number,
    hops.counted_from as counted_from,
    hops.source as source,
    hops.agreement as agreement,
    hops.reason as reason,
    hops.legacy_total as legacy_total,
    hops.sum_of_others as sum_of_others,
    toInt64(hops.found_keys + hops.rest_keys) as keys_before,
    toInt64(hops.left_keys + hops.rest_keys) as keys_after,
    toInt64(hops.equal_keys + hops.rest_keys) as equal,
    hops.missing as missing,
    hops.too_many as too_many,
    hops.different as different,
    hops.newer as newer,
    toInt64(hops.found_sum + if(hops.is_whole, 0, hops.sum_before - hops.left_sum)) as sum_before,
    toInt64(hops.left_sum + if(hops.is_whole, 0, hops.sum_after - hops.left_sum)) as sum_after,
    hops.worst as worst,
    toFloat64({{ var('audit_share') }}) as share,
    multiIf(
        hops.trouble != '', hops.trouble,
        hops.missing + hops.too_many + hops.different > 0, 'keys differ',
        not hops.is_equal and hops.newer = 0, 'sums differ',
        ''
    ) as problem
from hops
