-- A null array arrives as an empty one. ADD_REVIEW or MANAGE alone make nobody a contributor.
{{
    source_events(
        rows=ref('stg_collection_contributor'),
        source_table='CollectionContributor',
        at=known_time('createdAt', 'updatedAt'),
        events=[
            {
                'entity_type': 'Collection',
                'entity_id': 'collectionId',
                'metric_type': 'followerCount',
                'where': "has(permissions, 'VIEW')"
            },
            {
                'entity_type': 'Collection',
                'entity_id': 'collectionId',
                'metric_type': 'contributorCount',
                'where': "has(permissions, 'ADD')"
            }
        ]
    )
}}
