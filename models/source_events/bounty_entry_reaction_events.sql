with reactions as (
    select
        reaction.bountyEntryId as bountyEntryId,
        reaction.userId as userId,
        reaction.reaction as reaction,
        reaction.createdAt as createdAt
    from {{ ref('stg_bounty_entry_reaction') }} as reaction
    inner join {{ ref('stg_bounty_entry') }} as entry on reaction.bountyEntryId = entry.id
)

{{
    source_events(
        rows='reactions',
        source_table='BountyEntryReaction',
        events=[
            {
                'entity_type': 'BountyEntry',
                'entity_id': 'bountyEntryId',
                'metric_type': reactions(),
                'metric_type_column': 'reaction'
            }
        ]
    )
}}
