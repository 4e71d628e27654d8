{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='ImageMetric',
        key='imageId',
        entity_type='Image',
        not_counted={
            'reactionCount': 'heartCount + likeCount + laughCount + cryCount',
            'ageGroup': unknown('String'),
            'createdAt': unknown('DateTime64(3)')
        }
    )
}}
