{{
    metric_events(
        snapshot='stg_image_metrics',
        legacy_table='ImageMetric',
        entity_type='Image',
        entity_id='imageId',
        metrics={
            'likeCount': 'ReactionLike',
            'dislikeCount': 'ReactionDislike',
            'laughCount': 'ReactionLaugh',
            'cryCount': 'ReactionCry',
            'heartCount': 'ReactionHeart',
            'commentCount': 'Comment',
            'collectedCount': 'Collection',
            'tippedCount': 'tippedCount',
            'tippedAmountCount': 'tippedAmount',
            'viewCount': 'viewCount'
        }
    )
}}
