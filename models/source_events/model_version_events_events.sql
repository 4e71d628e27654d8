{{
    source_events(
        rows=source('site_events', 'modelVersionEvents'),
        source_table='modelVersionEvents',
        at='time',
        events=[
            {'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'downloadCount', 'where': "type = 'Download'"},
            {
                'entity_type': 'ModelVersion',
                'entity_id': 'modelVersionId',
                'metric_type': 'downloadCount',
                'where': "type = 'Download'"
            }
        ]
    )
}}
