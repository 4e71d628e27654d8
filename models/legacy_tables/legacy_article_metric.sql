{{ config(materialized='view') }}

{{
    legacy_metric_table(
        legacy_table='ArticleMetric',
        key='articleId',
        entity_type='Article',
        not_counted={
            'favoriteCount': unknown('Int64'),
            'hideCount': unknown('Int64')
        }
    )
}}
