-- The image's present post, as the site's own processors have it.
with reactions as (
    select
        reaction.imageId as imageId,
        image.postId as postId,
        reaction.userId as userId,
        reaction.reaction as reaction,
        reaction.createdAt as createdAt
    from {{ ref('stg_image_reaction') }} as reaction
    inner join {{ ref('stg_image') }} as image on reaction.imageId = image.id
)

{{
    source_events(
        rows='reactions',
        source_table='ImageReaction',
        events=[
            {'entity_type': 'Image', 'entity_id': 'imageId', 'metric_type': reactions(), 'metric_type_column': 'reaction'},
            {'entity_type': 'Post', 'entity_id': 'postId', 'metric_type': reactions(), 'metric_type_column': 'reaction'},
            {'entity_type': 'Post', 'entity_id': 'postId', 'metric_type': 'reactionCount'}
        ]
    )
}}
