{{
    metric_events(
        snapshot='stg_model_metrics',
        legacy_table='ModelMetric',
        entity_type='Model',
        entity_id='modelId',
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
