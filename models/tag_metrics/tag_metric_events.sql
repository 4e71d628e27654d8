{{
    metric_events(
        snapshot='stg_tag_metrics',
        legacy_table='TagMetric',
        entity_type='Tag',
        entity_id='tagId',
        metrics={
            'followerCount': 'followerCount',
            'hiddenCount': 'hiddenCount',
            'modelCount': 'modelCount',
            'imageCount': 'imageCount',
            'postCount': 'postCount',
            'articleCount': 'articleCount'
        }
    )
}}
