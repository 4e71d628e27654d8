-- A model that its owner deleted keeps its row, and is no upload any more.
-- Users are staged with what they make, for user_totals: {{ ref('stg_user') }}.
{{
    source_events(
        rows=ref('stg_model'),
        source_table='Model',
        events=[{'entity_type': 'Model', 'entity_id': 'id', 'metric_type': 'Upload', 'where': 'deletedAt is null'}]
    )
}}
