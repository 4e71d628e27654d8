{{
    source_events(
        rows=ref('stg_post'),
        source_table='Post',
        events=[{'entity_type': 'Post', 'entity_id': 'id', 'metric_type': 'Upload'}]
    )
}}
