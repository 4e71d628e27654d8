-- One row: how far the totals have been counted. Whoever reads it before and after a query knows that no refresh came between.
{{ config(materialized='view', pre_hook="{{ create_counted_days(ref('built_days')) }}") }}
{% set days, counted, touched = ref('built_days'), counted_days(), touched_entities() %}
{% set names, exclusions = ref('metrics'), ref('excluded_users') %}
{% do ref('counted_entities') %}

with parts as (
    {% if execute %}{{ month_fingerprints(names, exclusions, days) }}{% endif %}
),

built as (
    {{ built_from(days) }}
),

counted as (
    {{ built_from(counted) }}
),

-- A refresh that is under way, or was killed, may have counted an entity again or not.
refresh as (
    select count() > 0 as is_under_way
    from built
    full join counted on built.month = counted.month
    where built.fingerprint != counted.fingerprint
),

touched as (
    select
        any(toString(tables.uuid)) as version,
        any(tables.comment = 'all') as is_of_all
    from system.tables as tables
    where
        tables.database = '{{ touched.schema }}'
        and tables.name = '{{ touched.identifier }}'
),

months as (
    select
        groupArrayIf(if(parts.month > 0, parts.month, counted.month), parts.fingerprint != counted.fingerprint) as changed,
        groupArray(parts.month) as all_of_them,
        sum(cityHash64(counted.month, counted.fingerprint)) as version
    from parts
    full join counted on parts.month = counted.month
)

select
    arraySort(if(refresh.is_under_way and touched.is_of_all, months.all_of_them, months.changed)) as uncounted_months,
    refresh.is_under_way as is_refreshing,
    refresh.is_under_way and touched.is_of_all as is_refreshing_all,
    cityHash64(months.version, touched.version) as version
from months
cross join refresh
cross join touched
