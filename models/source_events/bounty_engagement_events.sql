{{
    source_events(
        rows=ref('stg_bounty_engagement'),
        source_table='BountyEngagement',
        events=[
            {'entity_type': 'Bounty', 'entity_id': 'bountyId', 'metric_type': 'favoriteCount', 'where': "type = 'Favorite'"},
            {'entity_type': 'Bounty', 'entity_id': 'bountyId', 'metric_type': 'trackCount', 'where': "type = 'Track'"}
        ]
    )
}}
