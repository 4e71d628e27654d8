{{
    metric_events(
        snapshot='stg_post_metrics',
        legacy_table='PostMetric',
        entity_type='Post',
        entity_id='postId',
        metrics={
            'likeCount': 'Like',
            'dislikeCount': 'Dislike',
            'laughCount': 'Laugh',
            'cryCount': 'Cry',
            'heartCount': 'Heart',
            'commentCount': 'commentCount',
            'collectedCount': 'collectedCount',
            'tippedCount': 'tippedCount',
            'tippedAmountCount': 'tippedAmount'
        }
    )
}}
