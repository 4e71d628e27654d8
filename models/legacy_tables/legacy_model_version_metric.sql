{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='ModelVersionMetric',
        key='modelVersionId',
        entity_type='ModelVersion',
        not_counted={
            'favoriteCount': unknown('Int64'),
            'rating': unknown('Float64')
        }
    )
}}
