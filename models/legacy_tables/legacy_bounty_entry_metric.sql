{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='BountyEntryMetric',
        key='bountyEntryId',
        entity_type='BountyEntry'
    )
}}
