-- Rows for the source tables: the same ones each time. :entities is the number of articles, bounties, entries and tags; there are
-- two to eight times as many of the other entities. A row's number n decides what is special about it (n % 20 and the like),
-- so that every case occurs in a small site, too; hashes of n decide the rest. Of rows with the same key the first one stays.

-- Who and what there is. User -1 is the site's own account, which owns the models of deleted users.

insert into "User" (id, "deletedAt", "bannedAt", "createdAt")
select
    id,
    case when n % 29 = 5 then timestamp '2024-06-01' + n * interval '1 minute' end,
    case when n % 31 = 5 then timestamp '2024-09-01' + n * interval '1 minute' end,
    pg_temp.sample_time(n, 101)
from pg_temp.sample_ids(:entities * 2) with ordinality as ids (id, n)
union all
select -1, null, null, '2022-11-01';

insert into "Tag" (id, name, type)
select
    id,
    'tag ' || id,
    (array['UserGenerated', 'UserGenerated', 'Label', 'Moderation', 'System'])[1 + n % 5]::"TagType"
from pg_temp.sample_ids(:entities) with ordinality as ids (id, n);

insert into "Model" (id, "userId", status, "publishedAt", "deletedAt", "createdAt")
select
    id,
    case when n % 20 = 4 then -1 else pg_temp.sample_pick(pg_temp.sample_hash(n, 301), :entities * 2) end,
    status::"ModelStatus",
    case when status in ('Published', 'Unpublished', 'UnpublishedViolation') then pg_temp.sample_time(n, 302) end,
    case when status = 'Deleted' then timestamp '2024-10-01' end,
    pg_temp.sample_time(n, 302)
from (
    select
        id,
        n,
        case n % 17
            when 1 then 'Draft' when 2 then 'Unpublished' when 3 then 'UnpublishedViolation' when 4 then 'Deleted' else 'Published'
        end as status
    from pg_temp.sample_ids(:entities * 2) with ordinality as ids (id, n)
) as models;

insert into "ModelVersion" (id, "modelId", status, "publishedAt", "createdAt", availability)
select
    id,
    pg_temp.sample_pick(pg_temp.sample_hash(n, 401), :entities * 2),
    status::"ModelStatus",
    case status
        when 'Published' then pg_temp.sample_time(n, 402)
        when 'Scheduled' then timestamp '2025-02-01' + n % 60 * interval '1 day'
    end,
    pg_temp.sample_time(n, 402),
    (case when n % 25 = 3 then 'EarlyAccess' else 'Public' end)::"Availability"
from (
    select
        id,
        n,
        case n % 19 when 1 then 'Draft' when 2 then 'Scheduled' when 3 then 'Unpublished' else 'Published' end as status
    from pg_temp.sample_ids(:entities * 3) with ordinality as ids (id, n)
) as versions;

insert into "Collection" (id, "userId", mode, type, read, write, "createdAt", "updatedAt")
select
    id,
    case when n % 50 = 9 then -1 else pg_temp.sample_pick(pg_temp.sample_hash(n, 501), :entities * 2) end,
    (case n % 6 when 0 then 'Bookmark' when 1 then 'Contest' end)::"CollectionMode",
    (array['Model', 'Article', 'Post', 'Image', null])[1 + n % 5]::"CollectionType",
    (case when n % 6 in (1, 2, 3) then 'Public' else 'Private' end)::"CollectionReadConfiguration",
    (case n % 6 when 1 then 'Review' when 2 then 'Public' else 'Private' end)::"CollectionWriteConfiguration",
    case when n % 11 > 0 then pg_temp.sample_time(n, 502) end,
    case when n % 11 > 0 then pg_temp.sample_later(pg_temp.sample_time(n, 502), pg_temp.sample_hash(n, 503)) end
from pg_temp.sample_ids(:entities * 2) with ordinality as ids (id, n);

insert into "Post" (id, "userId", "modelVersionId", "publishedAt", "createdAt", "collectionId", unlisted)
select
    id,
    pg_temp.sample_pick(pg_temp.sample_hash(n, 601), :entities * 2),
    case when n % 5 < 2 then pg_temp.sample_pick(pg_temp.sample_hash(n, 602), :entities * 3) end,
    case when n % 7 > 0 then pg_temp.sample_later(pg_temp.sample_time(n, 603), pg_temp.sample_hash(n, 604)) end,
    pg_temp.sample_time(n, 603),
    case when n % 23 = 2 then pg_temp.sample_pick(pg_temp.sample_hash(n, 605), :entities * 2) end,
    n % 37 = 3
from pg_temp.sample_ids(:entities * 4) with ordinality as ids (id, n);

insert into "Image" (id, "userId", "postId", "createdAt", "updatedAt", "tosViolation", ingestion, "blockedFor")
select
    id,
    case when n % 40 = 6 then -1 else pg_temp.sample_pick(pg_temp.sample_hash(n, 701), :entities * 2) end,
    case when n % 10 < 7 then pg_temp.sample_pick(pg_temp.sample_hash(n, 702), :entities * 4) end,
    pg_temp.sample_time(n, 703),
    pg_temp.sample_later(pg_temp.sample_time(n, 703), pg_temp.sample_hash(n, 704)),
    n % 47 = 4,
    (case n % 47 when 4 then 'Blocked' when 5 then 'Pending' else 'Scanned' end)::"ImageIngestionStatus",
    case when n % 47 = 4 then 'tos' end
from pg_temp.sample_ids(:entities * 8) with ordinality as ids (id, n);

insert into "Article" (id, "userId", status, "publishedAt", "createdAt", "updatedAt", unlisted, "tosViolation")
select
    id,
    pg_temp.sample_pick(pg_temp.sample_hash(n, 801), :entities * 2),
    (
        case
            when n % 20 in (2, 7, 8) then 'Draft'
            when n % 20 in (3, 9) then 'Unpublished'
            when n % 20 = 4 then 'UnpublishedViolation'
            else 'Published'
        end
    )::"ArticleStatus",
    case
        when n % 20 in (2, 7) then null
        when n % 20 = 5 then timestamp '2030-01-01' + n % 100 * interval '1 day'
        else pg_temp.sample_later(pg_temp.sample_time(n, 802), pg_temp.sample_hash(n, 803))
    end,
    case when n % 33 > 0 then pg_temp.sample_time(n, 802) end,
    case when n % 33 > 0 then pg_temp.sample_later(pg_temp.sample_time(n, 802), pg_temp.sample_hash(n, 803)) end,
    n % 41 = 2,
    n % 43 = 2
from pg_temp.sample_ids(:entities) with ordinality as ids (id, n);

insert into "Bounty" (id, "userId", "createdAt", "updatedAt", "startsAt", "expiresAt", complete, refunded)
select
    id,
    case when n % 11 > 0 then pg_temp.sample_pick(pg_temp.sample_hash(n, 901), :entities * 2) end,
    created_at,
    pg_temp.sample_later(created_at, pg_temp.sample_hash(n, 903)),
    created_at::date,
    created_at::date + 14,
    n % 3 = 0,
    n % 30 = 8
from (
    select id, n, pg_temp.sample_time(n, 902) as created_at from pg_temp.sample_ids(:entities) with ordinality as ids (id, n)
) as bounties;

insert into "BountyEntry" (id, "userId", "bountyId", "createdAt", "updatedAt", locked)
select
    id,
    case when n % 9 > 0 then pg_temp.sample_pick(pg_temp.sample_hash(n, 1001), :entities * 2) end,
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1002), :entities),
    pg_temp.sample_time(n, 1003),
    pg_temp.sample_later(pg_temp.sample_time(n, 1003), pg_temp.sample_hash(n, 1004)),
    n % 3 = 0
from pg_temp.sample_ids(:entities) with ordinality as ids (id, n);

-- Goals; a tenth of them have no version, or theirs is gone.
insert into "DonationGoal" (id, "modelVersionId")
select
    pg_temp.sample_row_id(n, :entities),
    case when n % 10 > 0 then pg_temp.sample_pick(pg_temp.sample_hash(n, 1101), :entities * 3) end
from generate_series(1, :entities) as n;

-- Every tenth donation is another one by the same user towards the same goal.
insert into "Donation" (id, "userId", "donationGoalId", amount, "createdAt")
select
    pg_temp.sample_row_id(n, :entities * 2),
    case when n % 30 = 2 then -1 else pg_temp.sample_pick(pg_temp.sample_hash(n - (n % 10 = 0)::int, 1111), :entities * 2) end,
    pg_temp.sample_row_id(1 + pg_temp.sample_hash(n - (n % 10 = 0)::int, 1112) % :entities, :entities),
    case n % 40 when 9 then -500 when 10 then 0 else 10 + pg_temp.sample_hash(n, 1113) % 990 end,
    pg_temp.sample_time(n, 1114)
from generate_series(1, :entities * 2) as n;

insert into "TagsOnModels" ("modelId", "tagId", "createdAt")
select
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1201), :entities * 2),
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1202), :entities),
    pg_temp.sample_time(n, 1203)
from generate_series(1, :entities * 6) as n
on conflict do nothing;

insert into "TagsOnPost" ("postId", "tagId", "createdAt")
select
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1211), :entities * 4),
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1212), :entities),
    pg_temp.sample_time(n, 1213)
from generate_series(1, :entities * 6) as n
on conflict do nothing;

insert into "TagsOnArticle" ("articleId", "tagId", "createdAt")
select
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1221), :entities),
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1222), :entities),
    pg_temp.sample_time(n, 1223)
from generate_series(1, :entities * 2) as n
on conflict do nothing;

-- Tips: several spellings of a bounty entry, one that no job knows, entities and users that are gone, amounts that grew after the first
-- tip, and amounts that the site would not take.
insert into "BuzzTip" ("entityType", "entityId", "toUserId", "fromUserId", amount, "createdAt", "updatedAt")
select
    entity_type,
    case
        when entity_type = 'User' then to_user
        when n % 12 = 11 then 1900000000 + n
        else pg_temp.sample_pick(
            pg_temp.sample_hash(n, 1301),
            :entities * case entity_type when 'Model' then 2 when 'Image' then 8 when 'Post' then 4 else 1 end
        )
    end,
    to_user,
    case n % 71 when 3 then 1900000000 + n when 4 then -1 else pg_temp.sample_pick(pg_temp.sample_hash(n, 1302), :entities * 2) end,
    case n % 67 when 5 then 0 when 6 then -5 else 10 + pg_temp.sample_hash(n, 1303) % 500 end,
    pg_temp.sample_time(n, 1304),
    case
        when n % 4 = 1 then pg_temp.sample_later(pg_temp.sample_time(n, 1304), pg_temp.sample_hash(n, 1305))
        else pg_temp.sample_time(n, 1304)
    end
from (
    select
        n,
        case
            when n % 20 < 6 then 'Model'
            when n % 20 < 9 then 'Article'
            when n % 20 < 14 then 'Image'
            when n % 20 < 16 then 'Post'
            when n % 20 = 16 then 'BountyEntry'
            when n % 20 = 17 then 'bountyEntry'
            when n % 20 = 18 then 'User'
            else 'ComicProject'
        end as entity_type,
        case when n % 73 = 3 then 1900000000 + n else pg_temp.sample_pick(pg_temp.sample_hash(n, 1306), :entities * 2) end as to_user
    from generate_series(1, :entities * 6) as n
) as tips
on conflict do nothing;

-- Items of collections: of one entity, of several, of none, of entities that are gone. Whoever bookmarks is not written down.
insert into "CollectionItem" (
    id, "createdAt", "updatedAt", "collectionId", "articleId", "postId", "imageId", "modelId", "addedById", "reviewedById",
    "reviewedAt", status, "randomId", "tagId"
)
select
    pg_temp.sample_row_id(n, :entities * 8),
    case when n % 13 > 0 then pg_temp.sample_time(n, 1401) end,
    case when n % 26 > 0 then pg_temp.sample_later(pg_temp.sample_time(n, 1401), pg_temp.sample_hash(n, 1402)) end,
    "Collection".id,
    case
        when n % 20 in (3, 4, 5) then pg_temp.sample_pick(pg_temp.sample_hash(n, 1403), :entities)
        when n % 80 = 2 then 1900000000 + n
    end,
    case
        when n % 20 in (1, 6, 7, 8) then pg_temp.sample_pick(pg_temp.sample_hash(n, 1404), :entities * 4)
        when n % 80 = 22 then 1900000000 + n
    end,
    case
        when n % 20 in (1, 9, 10, 11, 12, 13, 14, 15) then pg_temp.sample_pick(pg_temp.sample_hash(n, 1405), :entities * 8)
        when n % 80 = 42 then 1900000000 + n
    end,
    case
        when n % 20 in (16, 17, 18, 19) or n % 60 = 1 then pg_temp.sample_pick(pg_temp.sample_hash(n, 1406), :entities * 2)
        when n % 80 = 62 then 1900000000 + n
    end,
    case
        when "Collection".mode = 'Bookmark' or n % 17 = 0 then null
        when n % 43 = 1 then -1
        else pg_temp.sample_pick(pg_temp.sample_hash(n, 1407), :entities * 2)
    end,
    case when n % 27 = 7 then "Collection"."userId" end,
    case when n % 27 = 7 then pg_temp.sample_later(pg_temp.sample_time(n, 1401), pg_temp.sample_hash(n, 1402)) end,
    (case n % 27 when 7 then 'REJECTED' when 8 then 'REVIEW' else 'ACCEPTED' end)::"CollectionItemStatus",
    case when n % 3 = 0 then pg_temp.sample_hash(n, 1408) % 1000000 end,
    case when n % 31 = 1 then pg_temp.sample_pick(pg_temp.sample_hash(n, 1409), :entities) end
from generate_series(1, :entities * 8) as n
inner join "Collection" on "Collection".id = pg_temp.sample_pick(pg_temp.sample_hash(n, 1410), :entities * 2)
order by n
on conflict do nothing;

insert into "ResourceReview" (
    id, "modelId", "modelVersionId", "userId", rating, recommended, exclude, "tosViolation", nsfw, "createdAt", "updatedAt"
)
select
    pg_temp.sample_row_id(n, :entities * 8),
    "ModelVersion"."modelId",
    "ModelVersion".id,
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1501), :entities * 2),
    1 + pg_temp.sample_hash(n, 1502) % 5,
    n % 6 <> 1,
    n % 15 = 2,
    n % 25 = 3,
    n % 35 = 4,
    pg_temp.sample_time(n, 1503),
    pg_temp.sample_later(pg_temp.sample_time(n, 1503), pg_temp.sample_hash(n, 1504))
from generate_series(1, :entities * 8) as n
inner join "ModelVersion" on "ModelVersion".id = pg_temp.sample_pick(pg_temp.sample_hash(n, 1505), :entities * 3)
order by n
on conflict do nothing;

-- Threads: of entities of each kind, and some whose entity is gone, or is of a kind that has no table here. sample_threads numbers them
-- for the comments to choose from.
create temporary table sample_threads on commit drop as
select
    row_number() over (order by kind, entity_id) as n,
    kinds.kind,
    kinds.entity_id
from (
    select 'image' as kind, id as entity_id from "Image" where id % 3 = 1
    union all
    select 'post', id from "Post" where id % 3 = 1
    union all
    select 'article', id from "Article" where id % 3 > 0
    union all
    select 'bounty', id from "Bounty" where id % 3 > 0
    union all
    select 'entry', id from "BountyEntry" where id % 5 = 1
    union all
    select 'model', id from "Model" where id % 9 = 1
    union all
    select 'review', id from "ResourceReview" where id % 20 = 1
    union all
    select (array['question', 'answer', 'club post'])[1 + n % 3], n from generate_series(1, 6) as n
    union all
    select 'gone', null from generate_series(1, 20)
) as kinds;

insert into "Thread" (
    id, "imageId", "postId", "articleId", "bountyId", "bountyEntryId", "modelId", "reviewId", "questionId", "answerId", "clubPostId"
)
select
    n + n / 6,
    case when kind = 'image' then entity_id end,
    case when kind = 'post' then entity_id end,
    case when kind = 'article' then entity_id end,
    case when kind = 'bounty' then entity_id end,
    case when kind = 'entry' then entity_id end,
    case when kind = 'model' then entity_id end,
    case when kind = 'review' then entity_id end,
    case when kind = 'question' then entity_id end,
    case when kind = 'answer' then entity_id end,
    case when kind = 'club post' then entity_id end
from sample_threads;

create temporary table sample_comments on commit drop as
select
    n,
    pg_temp.sample_row_id(n, :entities * 12) as id,
    1 + pg_temp.sample_hash(n, 1601) % (select count(*) from sample_threads) as thread_number
from generate_series(1, :entities * 12) as n;

insert into "CommentV2" (
    id, "userId", "threadId", "createdAt", "updatedAt", nsfw, "tosViolation", hidden, "pinnedAt", "reactionCount"
)
select
    id,
    case when n % 61 = 1 then -1 else pg_temp.sample_pick(pg_temp.sample_hash(n, 1602), :entities * 2) end,
    thread_number + thread_number / 6,
    pg_temp.sample_time(n, 1603),
    pg_temp.sample_later(pg_temp.sample_time(n, 1603), pg_temp.sample_hash(n, 1604)),
    n % 21 = 1,
    n % 22 = 1,
    case n % 23 when 1 then true when 2 then null else false end,
    case when n % 24 = 1 then pg_temp.sample_later(pg_temp.sample_time(n, 1603), pg_temp.sample_hash(n, 1604)) end,
    pg_temp.sample_hash(n, 1605) % 4
from sample_comments;

-- Replies: a comment gets a thread of its own, and so may a reply in it. The older ones do not know their root.
insert into "Thread" (id, "commentId", "parentThreadId", "rootThreadId")
select
    10000000 + n,
    id,
    case when n % 8 > 0 then thread_number + thread_number / 6 end,
    case when n % 7 in (0, 1, 2) then null else thread_number + thread_number / 6 end
from sample_comments
where n % 7 = 0 or n % 21 in (1, 4);

insert into "CommentV2" (id, "userId", "threadId", "createdAt", "updatedAt", "tosViolation")
select
    20000000 + n,
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1612), :entities * 2),
    10000000 + n,
    pg_temp.sample_time(n, 1613),
    pg_temp.sample_time(n, 1613),
    n % 22 = 8
from sample_comments
where n % 7 = 0 or n % 21 in (1, 4);

insert into "Thread" (id, "commentId", "parentThreadId", "rootThreadId")
select
    30000000 + n,
    20000000 + n,
    10000000 + n,
    case when n % 2 = 0 then thread_number + thread_number / 6 end
from sample_comments
where n % 35 = 0;

insert into "CommentV2" (id, "userId", "threadId", "createdAt", "updatedAt")
select
    40000000 + n,
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1622), :entities * 2),
    30000000 + n,
    pg_temp.sample_time(n, 1623),
    pg_temp.sample_time(n, 1623)
from sample_comments
where n % 35 = 0;

update "Thread" set "commentCount" = counted.comments
from (select "threadId", count(*) as comments from "CommentV2" group by "threadId") as counted
where counted."threadId" = "Thread".id;

insert into "ImageReaction" (id, "imageId", "userId", reaction, "createdAt", "updatedAt")
select
    pg_temp.sample_row_id(n, :entities * 20),
    "Image".id,
    case
        when n % 25 = 1 then "Image"."userId"
        when n % 30 = 2 then -1
        else pg_temp.sample_pick(pg_temp.sample_hash(n, 1701), :entities * 2)
    end,
    (array['Like', 'Like', 'Heart', 'Heart', 'Laugh', 'Cry', 'Dislike'])[1 + pg_temp.sample_hash(n, 1702) % 7]::"ReviewReactions",
    pg_temp.sample_time(n, 1703),
    pg_temp.sample_time(n, 1703)
from generate_series(1, :entities * 20) as n
inner join "Image" on "Image".id = pg_temp.sample_pick(pg_temp.sample_hash(n, 1704), :entities * 8)
order by n
on conflict do nothing;

insert into "ArticleReaction" (id, "articleId", "userId", reaction, "createdAt", "updatedAt")
select
    pg_temp.sample_row_id(n, :entities * 6),
    "Article".id,
    case when n % 25 = 1 then "Article"."userId" else pg_temp.sample_pick(pg_temp.sample_hash(n, 1801), :entities * 2) end,
    (array['Like', 'Like', 'Heart', 'Heart', 'Laugh', 'Cry', 'Dislike'])[1 + pg_temp.sample_hash(n, 1802) % 7]::"ReviewReactions",
    pg_temp.sample_time(n, 1803),
    pg_temp.sample_time(n, 1803)
from generate_series(1, :entities * 6) as n
inner join "Article" on "Article".id = pg_temp.sample_pick(pg_temp.sample_hash(n, 1804), :entities)
order by n
on conflict do nothing;

insert into "BountyEntryReaction" ("bountyEntryId", "userId", reaction, "createdAt")
select
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1901), :entities),
    pg_temp.sample_pick(pg_temp.sample_hash(n, 1902), :entities * 2),
    (array['Like', 'Like', 'Heart', 'Heart', 'Laugh', 'Cry', 'Dislike'])[1 + pg_temp.sample_hash(n, 1903) % 7]::"ReviewReactions",
    pg_temp.sample_time(n, 1904)
from generate_series(1, :entities * 6) as n
on conflict do nothing;

insert into "UserEngagement" ("userId", "targetUserId", type, "createdAt")
select
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2001), :entities * 2),
    case when n % 40 = 1 then -1 else pg_temp.sample_pick(pg_temp.sample_hash(n, 2002), :entities * 2) end,
    (case n % 9 when 1 then 'Block' when 2 then 'Hide' when 3 then 'Hide' else 'Follow' end)::"UserEngagementType",
    pg_temp.sample_time(n, 2003)
from generate_series(1, :entities * 8) as n
on conflict do nothing;

insert into "TagEngagement" ("userId", "tagId", type, "createdAt")
select
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2101), :entities * 2),
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2102), :entities),
    (case when n % 9 = 1 then 'Allow' when n % 3 = 0 then 'Hide' else 'Follow' end)::"TagEngagementType",
    pg_temp.sample_time(n, 2103)
from generate_series(1, :entities * 6) as n
on conflict do nothing;

insert into "BountyEngagement" (type, "bountyId", "userId", "createdAt")
select
    (case when n % 3 = 0 then 'Favorite' else 'Track' end)::"BountyEngagementType",
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2201), :entities),
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2202), :entities * 2),
    pg_temp.sample_time(n, 2203)
from generate_series(1, :entities * 6) as n
on conflict do nothing;

insert into "CollectionContributor" ("userId", "collectionId", permissions, "createdAt", "updatedAt")
select
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2301), :entities * 2),
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2302), :entities * 2),
    (
        array[
            null, '{}', '{VIEW}', '{VIEW}', '{ADD}', '{ADD_REVIEW}', '{MANAGE}', '{VIEW,ADD}', '{MANAGE,ADD,VIEW}', '{VIEW,ADD_REVIEW}',
            '{VIEW,ADD,ADD_REVIEW,MANAGE}'
        ]
    )[1 + n % 11]::"CollectionContributorPermission"[],
    case when n % 7 > 0 then pg_temp.sample_time(n, 2303) end,
    case when n % 14 > 0 then pg_temp.sample_later(pg_temp.sample_time(n, 2303), pg_temp.sample_hash(n, 2304)) end
from generate_series(1, :entities * 8) as n
on conflict do nothing;

-- Benefactors of bounties. An award names an entry of the bounty; the job that ends a bounty sets no time; an entry may be gone since.
insert into "BountyBenefactor" (
    "bountyId", "userId", "unitAmount", "createdAt", "updatedAt", "awardedAt", "awardedToId", currency, "buzzTransactionId"
)
select
    bounty_id,
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2401), :entities * 2),
    case n % 40 when 9 then -20000 when 10 then 0 else 50 * (1 + pg_temp.sample_hash(n, 2402) % 200) end,
    pg_temp.sample_time(n, 2403),
    pg_temp.sample_later(pg_temp.sample_time(n, 2403), pg_temp.sample_hash(n, 2404)),
    case when n % 3 = 0 and n % 2 = 0 then pg_temp.sample_later(pg_temp.sample_time(n, 2403), pg_temp.sample_hash(n, 2404)) end,
    case when n % 3 = 0 and n % 42 > 0 then entries.ids[1 + pg_temp.sample_hash(n, 2405) % cardinality(entries.ids)] end,
    (case n % 10 when 1 then 'USD' when 2 then 'USDC' else 'BUZZ' end)::"Currency",
    case when n % 5 > 0 then array['transaction ' || n] else '{}' end
from (
    select n, pg_temp.sample_pick(pg_temp.sample_hash(n, 2406), :entities) as bounty_id from generate_series(1, :entities * 4) as n
) as benefactors
left join (select "bountyId", array_agg(id order by id) as ids from "BountyEntry" group by "bountyId") as entries
    on entries."bountyId" = bounty_id
order by n
on conflict do nothing;

-- Resources of images: every tenth row repeats the image of the one before, mostly with another version; images and versions may be gone.
insert into "ImageResourceNew" ("imageId", "modelVersionId", strength, detected)
select
    case
        when n % 30 = 1 then 1900000000 + n
        else pg_temp.sample_pick(pg_temp.sample_hash(n - (n % 10 = 0)::int, 2501), :entities * 8)
    end,
    case when n % 31 = 1 then 1900000000 + n else pg_temp.sample_pick(pg_temp.sample_hash(n, 2502), :entities * 3) end,
    case when n % 4 > 0 then pg_temp.sample_hash(n, 2503) % 150 end,
    n % 5 > 0
from generate_series(1, :entities * 8) as n
on conflict do nothing;

-- Comments on models; every fifth is a reply to the one before.
insert into "Comment" (id, "modelId", "userId", "parentId", "tosViolation", hidden, "createdAt", "updatedAt")
select
    pg_temp.sample_row_id(n, :entities * 6),
    pg_temp.sample_pick(pg_temp.sample_hash(n - (n % 5 = 0)::int, 2601), :entities * 2),
    pg_temp.sample_pick(pg_temp.sample_hash(n, 2602), :entities * 2),
    case when n % 5 = 0 then pg_temp.sample_row_id(n - 1, :entities * 6) end,
    n % 19 = 1,
    case n % 23 when 1 then true when 2 then null else false end,
    pg_temp.sample_time(n, 2603),
    pg_temp.sample_later(pg_temp.sample_time(n, 2603), pg_temp.sample_hash(n, 2604))
from generate_series(1, :entities * 6) as n;
