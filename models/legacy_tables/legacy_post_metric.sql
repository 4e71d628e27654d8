{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='PostMetric',
        key='postId',
        entity_type='Post',
        not_counted={
            'reactionCount': 'heartCount + likeCount + laughCount + cryCount',
            'ageGroup': unknown('String'),
            'createdAt': unknown('DateTime64(3)')
        }
    )
}}
