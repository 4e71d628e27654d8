{{
    metric_events(
        snapshot='stg_article_metrics',
        legacy_table='ArticleMetric',
        entity_type='Article',
        entity_id='articleId',
        metrics={
            'likeCount': 'Like',
            'dislikeCount': 'Dislike',
            'laughCount': 'Laugh',
            'cryCount': 'Cry',
            'heartCount': 'Heart',
            'commentCount': 'commentCount',
            'collectedCount': 'collectedCount',
            'tippedCount': 'tippedCount',
            'tippedAmountCount': 'tippedAmount',
            'viewCount': 'viewCount'
        }
    )
}}
