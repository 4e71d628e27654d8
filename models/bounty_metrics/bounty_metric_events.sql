{{
    metric_events(
        snapshot='stg_bounty_metrics',
        legacy_table='BountyMetric',
        entity_type='Bounty',
        entity_id='bountyId',
        metrics={
            'favoriteCount': 'favoriteCount',
            'trackCount': 'trackCount',
            'entryCount': 'entryCount',
            'benefactorCount': 'benefactorCount',
            'unitAmountCount': 'unitAmount',
            'commentCount': 'commentCount'
        }
    )
}}
