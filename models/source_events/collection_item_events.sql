{{
    source_events(
        rows=ref('stg_collection_item'),
        source_table='CollectionItem',
        actor='addedById',
        at=known_time('createdAt', 'updatedAt'),
        events=[
            {'entity_type': 'Collection', 'entity_id': 'collectionId', 'metric_type': 'itemCount'},
            {'entity_type': 'Model', 'entity_id': 'modelId', 'metric_type': 'collectedCount'},
            {'entity_type': 'Post', 'entity_id': 'postId', 'metric_type': 'collectedCount'},
            {'entity_type': 'Article', 'entity_id': 'articleId', 'metric_type': 'collectedCount'},
            {'entity_type': 'Image', 'entity_id': 'imageId', 'metric_type': 'Collection'}
        ]
    )
}}
