-- All rows of the event table with one name per quantity, whichever job or time an event is of.
-- Every publish node is named here, so that what reads events is built after all of them.
{% set published = [
    'article_metrics', 'bounty_metrics', 'bounty_entry_metrics', 'collection_metrics', 'image_metrics', 'model_metrics',
    'model_version_metrics', 'post_metrics', 'tag_metrics', 'user_metrics', 'article', 'article_reaction', 'bounty',
    'bounty_benefactor', 'bounty_engagement', 'bounty_entry', 'bounty_entry_reaction', 'buzz_resource_compensation', 'buzz_tip',
    'collection_contributor', 'collection_item', 'comment', 'comment_v2', 'donation', 'image_reaction', 'image_resource_new',
    'image_upload', 'model_upload', 'model_version_events', 'orchestration_jobs', 'post_upload', 'resource_review', 'tag_engagement',
    'user_engagement', 'user_reaction'
] %}
{% for name in published %}{% do ref(name) %}{% endfor %}

{{ config(materialized='view', pre_hook='{{ before_event_table_view() }}') }}

with names as (
    select
        entity_type,
        quantity,
        arrayJoin(arrayDistinct([legacy_metric, source_metric])) as name
    from {{ ref('metrics') }}
),

renamed as (
    select
        groupUniqArray(entity_type) as entity_types,
        groupArray(entity_type || '.' || name) as full_names,
        groupArray(quantity) as quantities
    from names
    where name not in ('', quantity)
)

select
    entityType as entity_type,
    if(
        has((select renamed.entity_types from renamed), entityType),
        transform(
            entityType || '.' || metricType,
            (select renamed.full_names from renamed),
            (select renamed.quantities from renamed),
            toString(metricType)
        ),
        toString(metricType)
    ) as quantity,
    entityId as entity_id,
    userId as user_id,
    metricValue as metric_value,
    createdAt as created_at,
    version
from {{ event_relation() }}
