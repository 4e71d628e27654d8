{{
    source_events(
        rows=ref('stg_user_engagement'),
        source_table='UserEngagement',
        events=[
            {'entity_type': 'User', 'entity_id': 'userId', 'metric_type': 'followingCount', 'where': "type = 'Follow'"},
            {'entity_type': 'User', 'entity_id': 'targetUserId', 'metric_type': 'followerCount', 'where': "type = 'Follow'"},
            {'entity_type': 'User', 'entity_id': 'targetUserId', 'metric_type': 'hiddenCount', 'where': "type = 'Hide'"}
        ]
    )
}}
