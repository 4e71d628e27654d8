{{
    source_events(
        rows=ref('stg_image'),
        source_table='Image',
        events=[{'entity_type': 'Image', 'entity_id': 'id', 'metric_type': 'Upload'}]
    )
}}
