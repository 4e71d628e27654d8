{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='BountyMetric',
        key='bountyId',
        entity_type='Bounty'
    )
}}
