-- Each column of UserMetric beside what user_totals has in its place, user by user. No rows where one of the two was not built.
{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='legacy_column',
        query_settings={'max_bytes_before_external_group_by': 1000000000, 'max_bytes_ratio_before_external_group_by': 0}
    )
}}
{% for name in ['metrics', 'excluded_users', 'user_totals', 'counted_entities', 'built_days', 'entity_metric_events'] %}
    {% do ref(name) %}
{% endfor %}
{#- Column of UserMetric, of user_totals, and why they are not the same thing, where the registry does not say it. -#}
{% set pairs = [
    ('followerCount', 'followerCount', ''),
    ('followingCount', 'followingCount', ''),
    ('hiddenCount', 'hiddenCount', ''),
    ('reviewCount', 'reviewCount', ''),
    ('uploadCount', 'uploadCount', 'legacy counts published versions of models, user_totals models, posts and images'),
    ('reactionCount', 'reactionsReceived', '')
] %}
{% set staged = (audited_sources() | selectattr('name', 'equalto', 'UserMetric') | list + [{}]) | first if execute else {} %}
{% set is_there = staged.is_built and table_exists(ref('user_totals')) %}

with given as (
    {% for legacy, shown, reason in pairs -%}
        select
            '{{ legacy }}' as legacy_column,
            '{{ shown }}' as shown_column,
            '{{ reason }}' as reason
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

pairs as (
    select
        given.legacy_column as legacy_column,
        given.shown_column as shown_column,
        registry.job as counted_from,
        multiIf(given.reason != '', given.reason, registry.agreement = 'differ', registry.reason, '') as reason
    from given
    inner join {{ registry() | indent(4) }} as registry on given.legacy_column = registry.legacy_column
    where registry.legacy_table = 'UserMetric'
),

sides as (
    select
        toInt32(0) as user_id,
        ('', toInt64(0)) as cell,
        toInt64(0) as legacy,
        toInt64(0) as shown,
        toInt64(0) as of_others,
        false as is_legacy,
        false as is_shown,
        false as is_newer
    where false
    {% if is_there %}
    union all
    select
        toInt32(userId) as user_id,
        arrayJoin([
            {%- for legacy, _, _ in pairs %}
            ('{{ legacy }}', toInt64(ifNull({{ legacy }}, 0))){{ ',' if not loop.last }}
            {%- endfor %}
        ]) as cell,
        cell.2,
        0,
        0,
        true,
        false,
        false
    from {{ staged.relation }}
    where {{ in_sample('userId') }}

    -- Who was counted since, as an entity, is newer.
    union all
    select
        users.user_id as user_id,
        arrayJoin([
            {%- for legacy, shown, _ in pairs %}
            ('{{ legacy }}', users.{{ shown }}){{ ',' if not loop.last }}
            {%- endfor %}
        ]) as cell,
        0,
        cell.2,
        0,
        false,
        true,
        entities.counted_at > users.counted_at
    from {{ ref('user_totals') }} as users
    left any join (
        select
            entity_id,
            max(counted_at) as counted_at
        from {{ ref('counted_entities') }}
        where entity_type = 'User'
        group by entity_id
    ) as entities on users.user_id = entities.entity_id
    where {{ in_sample('users.user_id') }}

    -- Events of other writers, and whether the totals have them yet.
    union all
    select
        events.entity_id as user_id,
        (toString(events.quantity), toInt64(0)) as cell,
        0,
        0,
        events.metric_value,
        false,
        false,
        toYYYYMM(events.created_at, 'UTC') in (
            {{ changed_months(ref('metrics'), ref('excluded_users'), ref('built_days')) | map(attribute='month') | join(', ') or 0 }}
        )
    from {{ ref('entity_metric_events') }} as events
    where
        events.entity_type = 'User'
        and events.quantity in ('{{ pairs | map('first') | join("', '") }}')
        and not (events.version = 1 or (events.version = 3 and events.user_id = -1))
        and {{ in_sample('events.entity_id') }}
    {% endif %}
),

users as (
    select
        tupleElement(sides.cell, 1) as legacy_column,
        sides.user_id as user_id,
        sum(sides.legacy) as legacy,
        sum(sides.shown) as shown,
        sum(sides.of_others) as of_others,
        max(sides.is_legacy) as is_legacy,
        max(sides.is_shown) as is_shown,
        max(sides.is_newer) as is_newer
    from sides
    group by legacy_column, sides.user_id
    having legacy != 0 or shown != 0
),

classes as (
    select
        pairs.legacy_column as legacy_column,
        pairs.shown_column as shown_column,
        pairs.counted_from as counted_from,
        pairs.reason as reason,
        users.user_id as user_id,
        users.legacy as legacy,
        users.shown as shown,
        multiIf(
            users.legacy = users.shown, 'equal',
            users.is_newer or users.legacy = users.shown - users.of_others, 'newer',
            not users.is_shown, 'only_legacy',
            not users.is_legacy, 'only_here',
            pairs.counted_from = 'source_events' and users.legacy > users.shown - users.of_others, 'overcounted',
            'different'
        ) as class
    from users
    inner join pairs on users.legacy_column = pairs.legacy_column
)

select
    classes.legacy_column as legacy_column,
    classes.shown_column as shown_column,
    if(classes.reason = '', 'equal', 'by definition') as agreement,
    classes.reason as reason,
    any(classes.counted_from) as counted_from,
    sum(classes.legacy) as legacy_total,
    sum(classes.shown) as total,
    countIf(classes.class = 'equal') as equal,
    countIf(classes.class = 'newer') as newer,
    countIf(classes.class = 'overcounted') as overcounted,
    countIf(classes.class = 'only_legacy') as only_legacy,
    countIf(classes.class = 'only_here') as only_here,
    countIf(classes.class = 'different') as different,
    {{ worst_keys('classes.user_id', 'classes.legacy', 'classes.shown', "classes.class not in ('equal', 'newer')") }} as worst,
    multiIf(
        classes.reason != '', '',
        counted_from = 'metric_tables' and different > 0, 'users differ',
        counted_from = 'source_events' and equal < {{ var('min_coverage') }} * count(), 'too few users are equal',
        ''
    ) as problem
from classes
group by classes.legacy_column, classes.shown_column, classes.reason
