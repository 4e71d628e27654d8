with reviews as (
    select *
    from {{ ref('stg_resource_review') }}
    where
        not exclude
        and not tosViolation
)

{{
    source_events(
        rows='reviews',
        source_table='ResourceReview',
        events=[
            {'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'ratingCount'},
            {'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'thumbsUpCount', 'where': 'recommended'},
            {'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'thumbsDownCount', 'where': 'not recommended'},
            {'entity_type': 'ModelVersion', 'entity_id': 'modelVersionId', 'metric_type': 'ratingCount'},
            {
                'entity_type': 'ModelVersion',
                'entity_id': 'modelVersionId',
                'metric_type': 'thumbsUpCount',
                'where': 'recommended'
            },
            {
                'entity_type': 'ModelVersion',
                'entity_id': 'modelVersionId',
                'metric_type': 'thumbsDownCount',
                'where': 'not recommended'
            }
        ]
    )
}}
