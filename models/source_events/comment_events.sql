{{
    source_events(
        rows=ref('stg_comment'),
        source_table='Comment',
        events=[{'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'commentCount', 'where': 'not tosViolation'}]
    )
}}
