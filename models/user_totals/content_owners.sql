-- Whose each thing is now, as the site's tables have it. A version is its model's owner's; one whose model is gone is nobody's.
-- depends_on: {{ ref('stg_user') }}
-- depends_on: {{ ref('counted_entities') }}
{{ config(materialized='view', pre_hook='{{ before_content_owners() }}') }}

with models as (
    select
        id,
        userId,
        true as is_there
    from {{ ref('stg_model') }}
)

select
    toLowCardinality('Model') as entity_type,
    id as entity_id,
    toNullable(userId) as user_id
from models

union all
select
    toLowCardinality('ModelVersion') as entity_type,
    version.id as entity_id,
    if(model.is_there, model.userId, null) as user_id
from {{ ref('stg_model_version') }} as version
left any join models as model on version.modelId = model.id

{% for entity_type, staged in {
    'Post': ref('stg_post'), 'Image': ref('stg_image'), 'Article': ref('stg_article'), 'BountyEntry': ref('stg_bounty_entry')
}.items() %}
    union all
    select
        toLowCardinality('{{ entity_type }}') as entity_type,
        id as entity_id,
        toNullable(userId) as user_id
    from {{ staged }}
{% endfor %}
