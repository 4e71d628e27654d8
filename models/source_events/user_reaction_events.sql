-- Reactions to somebody's images, articles and bounty entries, by the owner whom these have now. An owner may be gone: no event.
with reactions as (
    select
        image.userId as ownerId,
        reaction.userId as userId,
        reaction.createdAt as createdAt
    from {{ ref('stg_image_reaction') }} as reaction
    inner join {{ ref('stg_image') }} as image on reaction.imageId = image.id
    union all
    select
        article.userId as ownerId,
        reaction.userId as userId,
        reaction.createdAt as createdAt
    from {{ ref('stg_article_reaction') }} as reaction
    inner join {{ ref('stg_article') }} as article on reaction.articleId = article.id
    union all
    select
        entry.userId as ownerId,
        reaction.userId as userId,
        reaction.createdAt as createdAt
    from {{ ref('stg_bounty_entry_reaction') }} as reaction
    inner join {{ ref('stg_bounty_entry') }} as entry on reaction.bountyEntryId = entry.id
)

{{
    source_events(
        rows='reactions',
        source_table='ImageReaction',
        events=[{'entity_type': 'User', 'entity_id': 'ownerId', 'metric_type': 'reactionCount'}]
    )
}}
