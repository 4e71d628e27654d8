with reactions as (
    select
        reaction.articleId as articleId,
        reaction.userId as userId,
        reaction.reaction as reaction,
        reaction.createdAt as createdAt
    from {{ ref('stg_article_reaction') }} as reaction
    inner join {{ ref('stg_article') }} as article on reaction.articleId = article.id
)

{{
    source_events(
        rows='reactions',
        source_table='ArticleReaction',
        events=[
            {'entity_type': 'Article', 'entity_id': 'articleId', 'metric_type': reactions(), 'metric_type_column': 'reaction'}
        ]
    )
}}
