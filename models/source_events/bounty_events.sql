{{
    source_events(
        rows=ref('stg_bounty'),
        source_table='Bounty',
        events=[{'entity_type': 'User', 'entity_id': 'userId', 'metric_type': 'bountyCount'}]
    )
}}
