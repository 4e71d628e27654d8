-- A row a day and version, replaced while the day goes on: hence FINAL, as a setting so that unit tests can run it, too.
-- Nobody in particular pays: the actor is 0.
-- A version that ModelVersion lacks keeps its own event, and has none for a model.
with compensations as (
    select
        version.modelId as modelId,
        compensation.modelVersionId as modelVersionId,
        0 as userId,
        compensation.total as total,
        compensation.date as createdAt
    from {{ source('site_events', 'buzz_resource_compensation') }} as compensation
    left join {{ ref('stg_model_version') }} as version on compensation.modelVersionId = version.id
    settings final = 1, join_use_nulls = 1
)

{{
    source_events(
        rows='compensations',
        source_table='buzz_resource_compensation',
        events=[
            {'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'earnedAmount', 'value': 'total'},
            {'entity_type': 'ModelVersion', 'entity_id': 'modelVersionId', 'metric_type': 'earnedAmount', 'value': 'total'}
        ]
    )
}}
