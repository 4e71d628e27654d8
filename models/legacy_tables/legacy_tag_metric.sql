{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='TagMetric',
        key='tagId',
        entity_type='Tag',
        not_counted={
            'createdAt': unknown('DateTime64(3)')
        }
    )
}}
