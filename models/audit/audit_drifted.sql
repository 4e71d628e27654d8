-- Entities whose row of a metric table is not as it was when it was staged. Of none else Postgres is asked again.
{{ config(materialized='table', engine='MergeTree()', order_by='(legacy_table, entity_id)') }}

{{ audit_drifted(audited_sources(ask_postgres=true)) if execute }}
-- What is staged is found in dbt's graph; the registry is {{ ref('metrics') }}.
{% do ref('entity_metric_events') %}
