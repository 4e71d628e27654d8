{{
    metric_events(
        snapshot='stg_model_version_metrics',
        legacy_table='ModelVersionMetric',
        entity_type='ModelVersion',
        entity_id='modelVersionId',
        metrics={
            'ratingCount': 'ratingCount',
            'downloadCount': 'downloadCount',
            'commentCount': 'commentCount',
            'collectedCount': 'collectedCount',
            'imageCount': 'imageCount',
            'tippedCount': 'tippedCount',
            'tippedAmountCount': 'tippedAmount',
            'generationCount': 'generationCount',
            'thumbsUpCount': 'thumbsUpCount',
            'thumbsDownCount': 'thumbsDownCount',
            'earnedAmount': 'earnedAmount'
        }
    )
}}
