-- Published is what {{ ref('metrics') }} and the var counted_from leave to the job source_events, up to the cutoff.
{{ config(materialized='publish') }}

select * from {{ ref('post_upload_events') }}
