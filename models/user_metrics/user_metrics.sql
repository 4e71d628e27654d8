-- Published is what {{ ref('metrics') }} and the var counted_from leave to the job metric_tables.
{{ config(materialized='publish') }}

select * from {{ ref('user_metric_events') }}
