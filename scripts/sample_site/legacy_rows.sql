-- Rows for the ten legacy metric tables, computed from the source rows as the site computes them: AllTime from the rows that are there
-- now, the other timeframes as a part of that. An entity that is gone has no row. What no source row explains (views, downloads,
-- generations, earnings, and what the site no longer computes) is made up. The site's own mistakes are not repeated: no reaction
-- column is rotated, and nothing is stale.

-- The site computed these rows a while ago; what is written from now on is newer.
select pg_temp.sample_written_at($$now() - interval '1 hour'$$);

-- Comments directly in the thread of an entity; replies are not counted.
create temporary table sample_thread_comments on commit drop as
select
    "Thread"."articleId",
    "Thread"."postId",
    "Thread"."imageId",
    "Thread"."bountyId",
    "CommentV2"."createdAt"
from "CommentV2"
inner join "Thread" on "Thread".id = "CommentV2"."threadId";

with
reactions as (
    select
        "articleId" as entity_id,
        count(*) filter (where reaction = 'Like') as likes,
        count(*) filter (where reaction = 'Dislike') as dislikes,
        count(*) filter (where reaction = 'Laugh') as laughs,
        count(*) filter (where reaction = 'Cry') as cries,
        count(*) filter (where reaction = 'Heart') as hearts
    from "ArticleReaction"
    group by 1
),
comments as (
    select "articleId" as entity_id, count(*) as comments
    from sample_thread_comments
    where "articleId" is not null
    group by 1
),
collected as (
    select "articleId" as entity_id, count(*) as items
    from "CollectionItem"
    where "articleId" is not null
    group by 1
),
tips as (
    select "entityId" as entity_id, count(*) as tips, sum(amount) as amount
    from "BuzzTip"
    where "entityType" = 'Article'
    group by 1
)

insert into "ArticleMetric" (
    "articleId",
    timeframe,
    "likeCount",
    "dislikeCount",
    "laughCount",
    "cryCount",
    "heartCount",
    "commentCount",
    "collectedCount",
    "tippedCount",
    "tippedAmountCount",
    "viewCount"
)
select
    entities.id,
    frames.timeframe,
    coalesce(reactions.likes, 0) / frames.part,
    coalesce(reactions.dislikes, 0) / frames.part,
    coalesce(reactions.laughs, 0) / frames.part,
    coalesce(reactions.cries, 0) / frames.part,
    coalesce(reactions.hearts, 0) / frames.part,
    coalesce(comments.comments, 0) / frames.part,
    coalesce(collected.items, 0) / frames.part,
    coalesce(tips.tips, 0) / frames.part,
    coalesce(tips.amount, 0) / frames.part,
    pg_temp.sample_count(entities.id, 10, 60, 1000) / frames.part
from "Article" as entities
left join reactions on reactions.entity_id = entities.id
left join comments on comments.entity_id = entities.id
left join collected on collected.entity_id = entities.id
left join tips on tips.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

with
engagements as (
    select
        "bountyId" as entity_id,
        count(*) filter (where type = 'Favorite') as favorites,
        count(*) filter (where type = 'Track') as tracks
    from "BountyEngagement"
    group by 1
),
entries as (
    select "bountyId" as entity_id, count(*) as entries
    from "BountyEntry"
    group by 1
),
benefactors as (
    select "bountyId" as entity_id, count(*) as benefactors, sum("unitAmount") as amount
    from "BountyBenefactor"
    group by 1
),
comments as (
    select "bountyId" as entity_id, count(*) as comments
    from sample_thread_comments
    where "bountyId" is not null
    group by 1
)

insert into "BountyMetric" (
    "bountyId",
    timeframe,
    "favoriteCount",
    "trackCount",
    "entryCount",
    "benefactorCount",
    "unitAmountCount",
    "commentCount"
)
select
    entities.id,
    frames.timeframe,
    coalesce(engagements.favorites, 0) / frames.part,
    coalesce(engagements.tracks, 0) / frames.part,
    coalesce(entries.entries, 0) / frames.part,
    coalesce(benefactors.benefactors, 0) / frames.part,
    coalesce(benefactors.amount, 0) / frames.part,
    coalesce(comments.comments, 0) / frames.part
from "Bounty" as entities
left join engagements on engagements.entity_id = entities.id
left join entries on entries.entity_id = entities.id
left join benefactors on benefactors.entity_id = entities.id
left join comments on comments.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

-- Tips under the spelling that the site looks for, which its app did not write.
with
reactions as (
    select
        "bountyEntryId" as entity_id,
        count(*) filter (where reaction = 'Like') as likes,
        count(*) filter (where reaction = 'Dislike') as dislikes,
        count(*) filter (where reaction = 'Laugh') as laughs,
        count(*) filter (where reaction = 'Cry') as cries,
        count(*) filter (where reaction = 'Heart') as hearts
    from "BountyEntryReaction"
    group by 1
),
awards as (
    select "awardedToId" as entity_id, sum("unitAmount") as amount
    from "BountyBenefactor"
    where "awardedToId" is not null
    group by 1
),
tips as (
    select "entityId" as entity_id, count(*) as tips, sum(amount) as amount
    from "BuzzTip"
    where "entityType" = 'bountyEntry'
    group by 1
)

insert into "BountyEntryMetric" (
    "bountyEntryId",
    timeframe,
    "likeCount",
    "dislikeCount",
    "laughCount",
    "cryCount",
    "heartCount",
    "unitAmountCount",
    "tippedCount",
    "tippedAmountCount"
)
select
    entities.id,
    frames.timeframe,
    coalesce(reactions.likes, 0) / frames.part,
    coalesce(reactions.dislikes, 0) / frames.part,
    coalesce(reactions.laughs, 0) / frames.part,
    coalesce(reactions.cries, 0) / frames.part,
    coalesce(reactions.hearts, 0) / frames.part,
    coalesce(awards.amount, 0) / frames.part,
    coalesce(tips.tips, 0) / frames.part,
    coalesce(tips.amount, 0) / frames.part
from "BountyEntry" as entities
left join reactions on reactions.entity_id = entities.id
left join awards on awards.entity_id = entities.id
left join tips on tips.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

with
contributors as (
    select
        "collectionId" as entity_id,
        count(*) filter (where 'VIEW' = any (permissions)) as followers,
        count(*) filter (where 'ADD' = any (permissions)) as contributors
    from "CollectionContributor"
    group by 1
),
items as (
    select "collectionId" as entity_id, count(*) as items
    from "CollectionItem"
    group by 1
)

insert into "CollectionMetric" (
    "collectionId",
    timeframe,
    "followerCount",
    "itemCount",
    "contributorCount"
)
select
    entities.id,
    frames.timeframe,
    coalesce(contributors.followers, 0) / frames.part,
    coalesce(items.items, 0) / frames.part,
    coalesce(contributors.contributors, 0) / frames.part
from "Collection" as entities
left join contributors on contributors.entity_id = entities.id
left join items on items.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

-- Not refreshed since 2025-02-28: what came later is not in it.
with
reactions as (
    select
        "imageId" as entity_id,
        count(*) filter (where reaction = 'Like') as likes,
        count(*) filter (where reaction = 'Dislike') as dislikes,
        count(*) filter (where reaction = 'Laugh') as laughs,
        count(*) filter (where reaction = 'Cry') as cries,
        count(*) filter (where reaction = 'Heart') as hearts
    from "ImageReaction"
    where "createdAt" < '2025-02-28'
    group by 1
),
comments as (
    select "imageId" as entity_id, count(*) as comments
    from sample_thread_comments
    where "imageId" is not null and "createdAt" < '2025-02-28'
    group by 1
),
collected as (
    select "imageId" as entity_id, count(*) as items
    from "CollectionItem"
    where "imageId" is not null and ("createdAt" < '2025-02-28' or "createdAt" is null)
    group by 1
),
tips as (
    select "entityId" as entity_id, count(*) as tips, sum(amount) as amount
    from "BuzzTip"
    where "entityType" = 'Image' and "createdAt" < '2025-02-28'
    group by 1
)

insert into "ImageMetric" (
    "imageId",
    timeframe,
    "likeCount",
    "dislikeCount",
    "laughCount",
    "cryCount",
    "heartCount",
    "commentCount",
    "collectedCount",
    "tippedCount",
    "tippedAmountCount",
    "viewCount"
)
select
    entities.id,
    frames.timeframe,
    coalesce(reactions.likes, 0) / frames.part,
    coalesce(reactions.dislikes, 0) / frames.part,
    coalesce(reactions.laughs, 0) / frames.part,
    coalesce(reactions.cries, 0) / frames.part,
    coalesce(reactions.hearts, 0) / frames.part,
    coalesce(comments.comments, 0) / frames.part,
    coalesce(collected.items, 0) / frames.part,
    coalesce(tips.tips, 0) / frames.part,
    coalesce(tips.amount, 0) / frames.part,
    pg_temp.sample_count(entities.id, 10, 60, 1000) / frames.part
from "Image" as entities
left join reactions on reactions.entity_id = entities.id
left join comments on comments.entity_id = entities.id
left join collected on collected.entity_id = entities.id
left join tips on tips.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

-- Before ModelMetric, which sums up the versions. A tip is a donation here.
with
reviews as (
    select
        "modelVersionId" as entity_id,
        count(*) filter (where recommended) as thumbs_up,
        count(*) filter (where not recommended) as thumbs_down
    from "ResourceReview"
    where not exclude and not "tosViolation"
    group by 1
),
donations as (
    select "DonationGoal"."modelVersionId" as entity_id, count(*) as donations, sum("Donation".amount) as amount
    from "Donation"
    inner join "DonationGoal" on "DonationGoal".id = "Donation"."donationGoalId"
    where "DonationGoal"."modelVersionId" is not null
    group by 1
)

insert into "ModelVersionMetric" (
    "modelVersionId",
    timeframe,
    "ratingCount",
    "downloadCount",
    "commentCount",
    "collectedCount",
    "imageCount",
    "tippedCount",
    "tippedAmountCount",
    "generationCount",
    "thumbsUpCount",
    "thumbsDownCount",
    "earnedAmount"
)
select
    entities.id,
    frames.timeframe,
    pg_temp.sample_count(entities.id, 1, 20, 8) / frames.part,
    pg_temp.sample_count(entities.id, 2, 80, 4000) / frames.part,
    pg_temp.sample_count(entities.id, 3, 5, 3) / frames.part,
    pg_temp.sample_count(entities.id, 4, 15, 6) / frames.part,
    pg_temp.sample_count(entities.id, 5, 70, 50) / frames.part,
    coalesce(donations.donations, 0) / frames.part,
    coalesce(donations.amount, 0) / frames.part,
    pg_temp.sample_count(entities.id, 8, 75, 9000) / frames.part,
    coalesce(reviews.thumbs_up, 0) / frames.part,
    coalesce(reviews.thumbs_down, 0) / frames.part,
    pg_temp.sample_count(entities.id, 11, 10, 2000) / frames.part
from "ModelVersion" as entities
left join reviews on reviews.entity_id = entities.id
left join donations on donations.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

-- Users, not rows: a user who comments, collects or reviews several times counts once, and a bookmark not at all.
with
comments as (
    select "modelId" as entity_id, count(distinct "userId") as comments
    from "Comment"
    where not "tosViolation"
    group by 1
),
collected as (
    select "modelId" as entity_id, count(distinct "addedById") as items
    from "CollectionItem"
    where "modelId" is not null
    group by 1
),
tips as (
    select "entityId" as entity_id, count(*) as tips, sum(amount) as amount
    from "BuzzTip"
    where "entityType" = 'Model'
    group by 1
),
reviews as (
    select
        "modelId" as entity_id,
        count(distinct "userId") filter (where recommended) as thumbs_up,
        count(distinct "userId") filter (where not recommended) as thumbs_down
    from "ResourceReview"
    where not exclude and not "tosViolation"
    group by 1
),
versions as (
    select
        "ModelVersion"."modelId" as entity_id,
        sum("downloadCount") as "downloadCount",
        sum("imageCount") as "imageCount",
        sum("generationCount") as "generationCount",
        sum("earnedAmount") as "earnedAmount",
        sum("tippedCount") as "tippedCount",
        sum("tippedAmountCount") as "tippedAmountCount"
    from "ModelVersionMetric"
    inner join "ModelVersion" on "ModelVersion".id = "ModelVersionMetric"."modelVersionId"
    where "ModelVersionMetric".timeframe = 'AllTime'
    group by 1
)

insert into "ModelMetric" (
    "modelId",
    timeframe,
    "ratingCount",
    "downloadCount",
    "commentCount",
    "collectedCount",
    "imageCount",
    "tippedCount",
    "tippedAmountCount",
    "generationCount",
    "thumbsUpCount",
    "thumbsDownCount",
    "earnedAmount"
)
select
    entities.id,
    frames.timeframe,
    pg_temp.sample_count(entities.id, 1, 20, 8) / frames.part,
    coalesce(versions."downloadCount", 0) / frames.part,
    coalesce(comments.comments, 0) / frames.part,
    coalesce(collected.items, 0) / frames.part,
    coalesce(versions."imageCount", 0) / frames.part,
    (coalesce(tips.tips, 0) + coalesce(versions."tippedCount", 0)) / frames.part,
    (coalesce(tips.amount, 0) + coalesce(versions."tippedAmountCount", 0)) / frames.part,
    coalesce(versions."generationCount", 0) / frames.part,
    coalesce(reviews.thumbs_up, 0) / frames.part,
    coalesce(reviews.thumbs_down, 0) / frames.part,
    coalesce(versions."earnedAmount", 0) / frames.part
from "Model" as entities
left join comments on comments.entity_id = entities.id
left join collected on collected.entity_id = entities.id
left join tips on tips.entity_id = entities.id
left join reviews on reviews.entity_id = entities.id
left join versions on versions.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

-- The real table lacks the two columns of tips.
with
reactions as (
    select
        "Image"."postId" as entity_id,
        count(*) filter (where reaction = 'Like') as likes,
        count(*) filter (where reaction = 'Dislike') as dislikes,
        count(*) filter (where reaction = 'Laugh') as laughs,
        count(*) filter (where reaction = 'Cry') as cries,
        count(*) filter (where reaction = 'Heart') as hearts
    from "ImageReaction"
    inner join "Image" on "Image".id = "ImageReaction"."imageId"
    where "Image"."postId" is not null
    group by 1
),
comments as (
    select "postId" as entity_id, count(*) as comments
    from sample_thread_comments
    where "postId" is not null
    group by 1
),
collected as (
    select "postId" as entity_id, count(*) as items
    from "CollectionItem"
    where "postId" is not null
    group by 1
),
tips as (
    select "entityId" as entity_id, count(*) as tips, sum(amount) as amount
    from "BuzzTip"
    where "entityType" = 'Post'
    group by 1
)

insert into "PostMetric" (
    "postId",
    timeframe,
    "likeCount",
    "dislikeCount",
    "laughCount",
    "cryCount",
    "heartCount",
    "commentCount",
    "collectedCount",
    "tippedCount",
    "tippedAmountCount"
)
select
    entities.id,
    frames.timeframe,
    coalesce(reactions.likes, 0) / frames.part,
    coalesce(reactions.dislikes, 0) / frames.part,
    coalesce(reactions.laughs, 0) / frames.part,
    coalesce(reactions.cries, 0) / frames.part,
    coalesce(reactions.hearts, 0) / frames.part,
    coalesce(comments.comments, 0) / frames.part,
    coalesce(collected.items, 0) / frames.part,
    coalesce(tips.tips, 0) / frames.part,
    coalesce(tips.amount, 0) / frames.part
from "Post" as entities
left join reactions on reactions.entity_id = entities.id
left join comments on comments.entity_id = entities.id
left join collected on collected.entity_id = entities.id
left join tips on tips.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

with
engagements as (
    select
        "tagId" as entity_id,
        count(*) filter (where type = 'Follow') as followers,
        count(*) filter (where type = 'Hide') as hidden
    from "TagEngagement"
    group by 1
),
models as (
    select "tagId" as entity_id, count(*) as entities
    from "TagsOnModels"
    inner join "Model" on "Model".id = "TagsOnModels"."modelId"
    group by 1
),
posts as (
    select "tagId" as entity_id, count(*) as entities
    from "TagsOnPost"
    inner join "Post" on "Post".id = "TagsOnPost"."postId"
    group by 1
),
articles as (
    select "tagId" as entity_id, count(*) as entities
    from "TagsOnArticle"
    inner join "Article" on "Article".id = "TagsOnArticle"."articleId"
    group by 1
)

insert into "TagMetric" (
    "tagId",
    timeframe,
    "followerCount",
    "hiddenCount",
    "modelCount",
    "imageCount",
    "postCount",
    "articleCount"
)
select
    entities.id,
    frames.timeframe,
    coalesce(engagements.followers, 0) / frames.part,
    coalesce(engagements.hidden, 0) / frames.part,
    coalesce(models.entities, 0) / frames.part,
    pg_temp.sample_count(entities.id, 4, 70, 50) / frames.part,
    coalesce(posts.entities, 0) / frames.part,
    coalesce(articles.entities, 0) / frames.part
from "Tag" as entities
left join engagements on engagements.entity_id = entities.id
left join models on models.entity_id = entities.id
left join posts on posts.entity_id = entities.id
left join articles on articles.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

-- reactionCount: received ones; the site counts those to comments, reviews and questions, too, which are made up here.
with
followed as (
    select
        "targetUserId" as entity_id,
        count(*) filter (where type = 'Follow') as followers,
        count(*) filter (where type = 'Hide') as hidden
    from "UserEngagement"
    group by 1
),
following as (
    select "userId" as entity_id, count(*) as followed
    from "UserEngagement"
    where type = 'Follow'
    group by 1
),
uploads as (
    select "Model"."userId" as entity_id, count(*) as uploads
    from "ModelVersion"
    inner join "Model" on "Model".id = "ModelVersion"."modelId"
    where
        "ModelVersion".status = 'Published'
        or ("ModelVersion".status = 'Scheduled' and "ModelVersion"."publishedAt" <= '2025-03-01')
    group by 1
),
reviews as (
    select "ResourceReview"."userId" as entity_id, count(*) as reviews
    from "ResourceReview"
    inner join "ModelVersion" on "ModelVersion".id = "ResourceReview"."modelVersionId"
    where "ModelVersion".status = 'Published'
    group by 1
),
received as (
    select owner_id as entity_id, count(*) as reactions
    from (
        select "Image"."userId" as owner_id, "ImageReaction"."userId", "ImageReaction"."createdAt"
        from "ImageReaction"
        inner join "Image" on "Image".id = "ImageReaction"."imageId"
        union all
        select "Article"."userId", "ArticleReaction"."userId", "ArticleReaction"."createdAt"
        from "ArticleReaction"
        inner join "Article" on "Article".id = "ArticleReaction"."articleId"
        union all
        select "BountyEntry"."userId", "BountyEntryReaction"."userId", "BountyEntryReaction"."createdAt"
        from "BountyEntryReaction"
        inner join "BountyEntry" on "BountyEntry".id = "BountyEntryReaction"."bountyEntryId"
    ) as reactions
    where owner_id <> "userId" or "createdAt" < '2024-04-27'
    group by 1
)

insert into "UserMetric" (
    "userId",
    timeframe,
    "followerCount",
    "followingCount",
    "hiddenCount",
    "uploadCount",
    "reviewCount",
    "reactionCount"
)
select
    entities.id,
    frames.timeframe,
    coalesce(followed.followers, 0) / frames.part,
    coalesce(following.followed, 0) / frames.part,
    coalesce(followed.hidden, 0) / frames.part,
    coalesce(uploads.uploads, 0) / frames.part,
    coalesce(reviews.reviews, 0) / frames.part,
    (coalesce(received.reactions, 0) + pg_temp.sample_count(entities.id, 6, 30, 40)) / frames.part
from "User" as entities
left join followed on followed.entity_id = entities.id
left join following on following.entity_id = entities.id
left join uploads on uploads.entity_id = entities.id
left join reviews on reviews.entity_id = entities.id
left join received on received.entity_id = entities.id
cross join pg_temp.sample_timeframes() as frames;

select pg_temp.sample_written_at('now()');

analyze;
