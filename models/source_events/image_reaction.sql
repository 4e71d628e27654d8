-- The image's present owner and post, as the site's own processors have it.
with reactions as (
    select
        reaction.imageId as imageId,
        image.userId as ownerId,
        image.postId as postId,
        reaction.userId as userId,
        reaction.reaction as reaction,
        reaction.createdAt as createdAt
    from {{ ref('stg_image_reaction') }} as reaction
    inner join {{ ref('stg_image') }} as image on reaction.imageId = image.id
)

-- Published after the others that count User.reactionCount: {{ ref('article_reaction') }}
{{
    source_events(
        rows='reactions',
        source_table='ImageReaction',
        events=[
            {'entity_type': 'User', 'entity_id': 'ownerId', 'metric_type': 'reactionCount'},
            {'entity_type': 'Image', 'entity_id': 'imageId', 'metric_type': reactions(), 'metric_type_column': 'reaction'},
            {'entity_type': 'Post', 'entity_id': 'postId', 'metric_type': reactions(), 'metric_type_column': 'reaction'},
            {'entity_type': 'Post', 'entity_id': 'postId', 'metric_type': 'reactionCount'}
        ]
    )
}}
