-- The table has no time and no user: they are the image's. Two versions of one model in one image count twice for the model.
with resources as (
    select
        version.modelId as modelId,
        resource.modelVersionId as modelVersionId,
        image.userId as userId,
        image.createdAt as createdAt
    from {{ ref('stg_image_resource_new') }} as resource
    inner join {{ ref('stg_image') }} as image on resource.imageId = image.id
    inner join {{ ref('stg_model_version') }} as version on resource.modelVersionId = version.id
)

{{
    source_events(
        rows='resources',
        source_table='ImageResourceNew',
        events=[
            {'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'imageCount'},
            {'entity_type': 'ModelVersion', 'entity_id': 'modelVersionId', 'metric_type': 'imageCount'}
        ]
    )
}}
