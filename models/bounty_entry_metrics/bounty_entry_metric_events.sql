{{
    metric_events(
        snapshot='stg_bounty_entry_metrics',
        legacy_table='BountyEntryMetric',
        entity_type='BountyEntry',
        entity_id='bountyEntryId',
        metrics={
            'likeCount': 'Like',
            'dislikeCount': 'Dislike',
            'laughCount': 'Laugh',
            'cryCount': 'Cry',
            'heartCount': 'Heart',
            'unitAmountCount': 'unitAmount',
            'tippedCount': 'tippedCount',
            'tippedAmountCount': 'tippedAmount'
        }
    )
}}
