-- Unpublishing keeps publishedAt: the article goes on counting.
{{
    source_events(
        rows=ref('stg_article'),
        source_table='Article',
        at='assumeNotNull(publishedAt)',
        events=[
            {'entity_type': 'User', 'entity_id': 'userId', 'metric_type': 'articleCount', 'where': 'publishedAt is not null'}
        ]
    )
}}
