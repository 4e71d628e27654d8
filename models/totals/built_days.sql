-- A row for each day on which an entity has events of a quantity; months whose events changed are built anew and replaced whole.
-- A month's row without an entity type says by its total what the month was built from: see macros/totals/refresh.sql.
{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(day)',
        order_by='(entity_type, entity_id, quantity, day)'
    )
}}
{% set months = months_to_build() %}
{{ only_if_changed(months) }}
select
    entity_type,
    entity_id,
    toLowCardinality(quantity) as quantity,
    toDate(created_at, 'UTC') as day,
    sum(metric_value) as total,
    count() as events,
    max(toTimeZone(created_at, 'UTC')) as last_event
from {{ ref('entity_metric_events') }}
where toYYYYMM(created_at, 'UTC') in ({{ months | map(attribute='month') | join(', ') or 0 }})
group by entity_type, entity_id, quantity, day
{% for month in months %}
    union all
    select
        toLowCardinality('') as entity_type,
        toInt32(0) as entity_id,
        toLowCardinality('') as quantity,
        toDate(parseDateTime('{{ month['month'] }}', '%Y%m', 'UTC')) as day,
        toInt64({{ month['fingerprint'] }}) as total,
        toUInt64(0) as events,
        toDateTime(0, 'UTC') as last_event
{% endfor %}
