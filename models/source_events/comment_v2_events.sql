-- A comment counts for the entity of its own thread; a thread of replies has none.
with comments as (
    select
        thread.postId as postId,
        thread.imageId as imageId,
        thread.articleId as articleId,
        thread.bountyId as bountyId,
        comment.userId as userId,
        comment.createdAt as createdAt
    from {{ ref('stg_comment_v2') }} as comment
    inner join {{ ref('stg_thread') }} as thread on comment.threadId = thread.id
)

{{
    source_events(
        rows='comments',
        source_table='CommentV2',
        events=[
            {'entity_type': 'Post', 'entity_id': 'postId', 'metric_type': 'commentCount'},
            {'entity_type': 'Image', 'entity_id': 'imageId', 'metric_type': 'commentCount'},
            {'entity_type': 'Article', 'entity_id': 'articleId', 'metric_type': 'commentCount'},
            {'entity_type': 'Bounty', 'entity_id': 'bountyId', 'metric_type': 'commentCount'}
        ]
    )
}}
