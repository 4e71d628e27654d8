-- Allow, the third type, is deprecated and counts as nothing.
{{
    source_events(
        rows=ref('stg_tag_engagement'),
        source_table='TagEngagement',
        events=[
            {'entity_type': 'Tag', 'entity_id': 'tagId', 'metric_type': 'followerCount', 'where': "type = 'Follow'"},
            {'entity_type': 'Tag', 'entity_id': 'tagId', 'metric_type': 'hiddenCount', 'where': "type = 'Hide'"}
        ]
    )
}}
