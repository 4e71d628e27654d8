-- Published is what {{ ref('metrics') }} and the var counted_from leave to the job source_events, up to the cutoff.
{{ config(materialized='publish') }}

select * from {{ ref('image_upload_events') }}
