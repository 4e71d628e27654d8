-- awardedToId is the id of a BountyEntry. The site's expiry job sets it without awardedAt.
{{
    source_events(
        rows=ref('stg_bounty_benefactor'),
        source_table='BountyBenefactor',
        events=[
            {'entity_type': 'Bounty', 'entity_id': 'bountyId', 'metric_type': 'benefactorCount'},
            {'entity_type': 'Bounty', 'entity_id': 'bountyId', 'metric_type': 'unitAmount', 'value': 'unitAmount'},
            {
                'entity_type': 'BountyEntry',
                'entity_id': 'awardedToId',
                'metric_type': 'unitAmount',
                'value': 'unitAmount',
                'at': known_time('awardedAt', 'updatedAt')
            }
        ]
    )
}}
