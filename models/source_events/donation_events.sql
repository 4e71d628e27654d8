-- A goal whose version is gone names none, and tips nobody.
with donations as (
    select
        goal.modelVersionId as modelVersionId,
        donation.userId as userId,
        donation.amount as amount,
        donation.createdAt as createdAt
    from {{ ref('stg_donation') }} as donation
    inner join {{ ref('stg_donation_goal') }} as goal on donation.donationGoalId = goal.id
)

{{
    source_events(
        rows='donations',
        source_table='Donation',
        events=[
            {'entity_type': 'ModelVersion', 'entity_id': 'modelVersionId', 'metric_type': 'tippedCount'},
            {'entity_type': 'ModelVersion', 'entity_id': 'modelVersionId', 'metric_type': 'tippedAmount', 'value': 'amount'}
        ]
    )
}}
