{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='CollectionMetric',
        key='collectionId',
        entity_type='Collection',
        not_counted={
            'createdAt': unknown('DateTime64(3)')
        }
    )
}}
