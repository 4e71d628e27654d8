{{
    metric_events(
        snapshot='stg_collection_metrics',
        legacy_table='CollectionMetric',
        entity_type='Collection',
        entity_id='collectionId',
        metrics={
            'followerCount': 'followerCount',
            'itemCount': 'itemCount',
            'contributorCount': 'contributorCount'
        }
    )
}}
