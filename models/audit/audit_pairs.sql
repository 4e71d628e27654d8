-- Of each quantity and hop: what is before it and what is after it, in sums. Doubtful is what is to be looked at key by key.
{{ config(materialized='table', engine='MergeTree()', order_by='(entity_type, quantity, hop)') }}
{% set sources = audited_sources() if execute else [] %}

with registry as {{ registry() }},

unregistered as (
    -- Entity types that only BuzzTip spells, and what nobody registered.
    select distinct
        entity_type,
        quantity
    from {{ ref('audit_sums') }}
    where (entity_type || '.' || quantity) not in (select registry.entity_type || '.' || registry.quantity from registry)
),

spelled as (
    select
        quantity,
        job,
        package
    from registry
    where entity_type = '*'
),

quantities as (
    select
        entity_type,
        quantity,
        job as counted_from,
        if(job = 'metric_tables', legacy_table, package) as source,
        legacy_table,
        agreement,
        reason
    from registry
    where entity_type != '*'

    union all
    select
        unregistered.entity_type as entity_type,
        unregistered.quantity as quantity,
        spelled.job as counted_from,
        spelled.package as source,
        '' as legacy_table,
        'none' as agreement,
        '' as reason
    from unregistered
    left join spelled on unregistered.quantity = spelled.quantity
),

sides as (
    select
        quantities.entity_type as entity_type,
        quantities.quantity as quantity,
        any(quantities.counted_from) as counted_from,
        any(quantities.source) as source,
        any(quantities.legacy_table) as legacy_table,
        any(quantities.agreement) as agreement,
        any(quantities.reason) as reason,
        source in ({{ names_of(sources, 'takes_all') }}) as takes_all,
        if(counted_from = 'metric_tables', 'staged', 'package') as source_side,
        sumMap(map(toString(sums.side), sums.total)) as totals,
        sumMap(map(toString(sums.side), sums.fingerprint)) as prints,
        sumMap(map(toString(sums.side), coalesce(sums.key_count, 0))) as key_counts
    from quantities
    left join {{ ref('audit_sums') }} as sums
        on quantities.entity_type = sums.entity_type and quantities.quantity = sums.quantity
    group by quantities.entity_type, quantities.quantity
),

hops as (
    select
        *,
        totals[source_side] as source_total,
        totals[counted_from] + if(takes_all, totals['live'], 0) as slice_total,
        prints[source_side] = prints[counted_from] + if(takes_all, prints['live'], 0) as is_published,
        prints['events'] = prints['days'] as is_built,
        prints['days'] = prints['totals'] as is_counted,
        arrayJoin([
            ('staged', source_total, source_total, true),
            ('events', source_total, slice_total, is_published),
            ('days', totals['events'], totals['days'], is_built),
            ('totals', totals['days'], totals['totals'], is_counted),
            ('cache', toInt64(0), toInt64(0), true)
        ]) as pair
    from sides
)

select
    entity_type,
    quantity,
    tupleElement(pair, 1) as hop,
    counted_from,
    source,
    agreement,
    reason,
    if(takes_all, [counted_from, 'live'], [counted_from]) as writers,
    tupleElement(pair, 2) as sum_before,
    tupleElement(pair, 3) as sum_after,
    totals['others'] + if(takes_all, 0, totals['live']) as sum_of_others,
    if(
        counted_from = 'source_events' and legacy_table in ({{ names_of(sources, 'is_built') }}), totals['staged'], null
    ) as legacy_total,
    tupleElement(pair, 4) as is_equal,
    -- Where all numbers are equal, so are the keys, and the totals have them counted.
    if(hop in ('staged', 'events') and counted_from = 'metric_tables', key_counts['staged'], key_counts['totals']) as key_count,
    multiIf(
        not is_equal, true,
        hop = 'events' and counted_from = 'source_events', not (is_built and is_counted and prints['package'] = prints['totals']),
        false
    ) as is_doubtful,
    multiIf(
        hop != 'events', '',
        source not in ({{ names_of(sources, 'is_built') }}), 'nothing to compare: ' || source || ' was not pulled and built',
        source not in ({{ names_of(sources, 'has_rows') }}), 'nothing to compare: ' || source || ' has no rows',
        ''
    ) as trouble
from hops
where counted_from != '' or hop in ('days', 'totals', 'cache')
