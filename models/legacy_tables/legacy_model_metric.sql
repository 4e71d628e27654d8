{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='ModelMetric',
        key='modelId',
        entity_type='Model',
        not_counted={
            'favoriteCount': unknown('Int64'),
            'rating': unknown('Float64')
        }
    )
}}
