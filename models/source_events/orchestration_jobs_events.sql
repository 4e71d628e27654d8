-- A version that ModelVersion lacks keeps its own event, and has none for a model.
with resources as (
    select
        version.modelId as modelId,
        job.modelVersionId as modelVersionId,
        job.userId as userId,
        job.createdAt as createdAt
    from (
        select
            userId,
            createdAt,
            arrayJoin(resourcesUsed) as modelVersionId
        from {{ source('orchestration', 'jobs') }}
        where jobType in ('TextToImageV2', 'TextToImage', 'Comfy')
    ) as job
    left join {{ ref('stg_model_version') }} as version on job.modelVersionId = version.id
    settings join_use_nulls = 1
)

{{
    source_events(
        rows='resources',
        source_table='orchestration.jobs',
        events=[
            {'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'generationCount'},
            {'entity_type': 'ModelVersion', 'entity_id': 'modelVersionId', 'metric_type': 'generationCount'}
        ]
    )
}}
