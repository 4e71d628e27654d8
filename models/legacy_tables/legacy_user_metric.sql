{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='UserMetric',
        key='userId',
        entity_type='User',
        not_counted={
            'answerCount': unknown('Int64'),
            'answerAcceptCount': unknown('Int64')
        }
    )
}}
