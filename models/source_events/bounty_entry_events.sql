-- What an entry was awarded is in BountyBenefactor: see bounty_benefactor.
{{
    source_events(
        rows=ref('stg_bounty_entry'),
        source_table='BountyEntry',
        events=[{'entity_type': 'Bounty', 'entity_id': 'bountyId', 'metric_type': 'entryCount'}]
    )
}}
