-- What each side has of each quantity, all keys in one fingerprint; what differs is looked at key by key in the model audit.
{{ config(materialized='table', engine='MergeTree()', order_by='(entity_type, quantity, side)') }}

{{ audit_sums(audited_sources()) if execute }}
-- Staged metric tables and event models are found in dbt's graph; the registry is {{ ref('metrics') }}.
-- The rest is {{ ref('metric_days') }}, {{ ref('metric_totals') }}, and the event table without {{ ref('excluded_users') }}.
{% do ref('entity_metric_events') %}
