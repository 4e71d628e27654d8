{{
    metric_events(
        snapshot='stg_user_metrics',
        legacy_table='UserMetric',
        entity_type='User',
        entity_id='userId',
        metrics={
            'followerCount': 'followerCount',
            'followingCount': 'followingCount',
            'hiddenCount': 'hiddenCount',
            'uploadCount': 'uploadCount',
            'reviewCount': 'reviewCount',
            'reactionCount': 'reactionCount'
        }
    )
}}
