with tips as (
    select
        tip.entityId as entityId,
        tip.toUserId as toUserId,
        tip.fromUserId as fromUserId,
        tip.amount as amount,
        tip.createdAt as createdAt,
        -- The spelling that the legacy totals look for; the app writes BountyEntry.
        if(tip.entityType = 'bountyEntry', 'BountyEntry', tip.entityType) as entityType
    from {{ ref('stg_buzz_tip') }} as tip
)

{{
    source_events(
        rows='tips',
        source_table='BuzzTip',
        actor='fromUserId',
        events=[
            {'entity_type': 'User', 'entity_id': 'toUserId', 'metric_type': 'tippedCount'},
            {'entity_type': 'User', 'entity_id': 'toUserId', 'metric_type': 'tippedAmount', 'value': 'amount'},
            {
                'entity_type': '*',
                'entity_type_column': 'entityType',
                'entity_id': 'entityId',
                'metric_type': 'tippedCount',
                'where': "entityType != 'User'"
            },
            {
                'entity_type': '*',
                'entity_type_column': 'entityType',
                'entity_id': 'entityId',
                'metric_type': 'tippedAmount',
                'value': 'amount',
                'where': "entityType != 'User'"
            },
            {'entity_type': 'User', 'entity_id': 'fromUserId', 'metric_type': 'tipsGivenCount'},
            {'entity_type': 'User', 'entity_id': 'fromUserId', 'metric_type': 'tipsGivenAmount', 'value': 'amount'}
        ]
    )
}}
