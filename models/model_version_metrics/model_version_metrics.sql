-- Published is what {{ ref('metrics') }} and the var counted_from leave to the job metric_tables.
{{ config(materialized='publish') }}

select * from {{ ref('model_version_metric_events') }}
