-- Rows for the ten legacy metric tables: the same ones each time. :entities is the number of entities in the smallest tables.
-- Ids have gaps and end with the largest int; user -1 is the site's own account; some entities have nothing but zeros, and some
-- counts are negative, since no constraint forbids it.

create function pg_temp.sample_count(entity int, salt int, share int, most int) returns int
language sql immutable as $$
    select case
        when h % 100 >= share then 0
        when h % 997 = 0 then -1 - (h % 3)::int
        else 1 + (h / 100 % most)::int
    end
    from (select hashint8(entity::bigint * 1000 + salt)::bigint + 2147483648 as h) as hashed
$$;

create function pg_temp.sample_ids(entities int) returns setof int
language sql immutable as $$
    select n from generate_series(1, entities * 7 / 10) as n
    union all
    select 1000000 + n * 17 from generate_series(1, entities * 3 / 10) as n
    union all
    select 2147483647
$$;

create function pg_temp.sample_timeframes() returns table (timeframe "MetricTimeframe", part int)
language sql immutable as $$
    values ('Day'::"MetricTimeframe", 300), ('Week', 50), ('Month', 12), ('Year', 2), ('AllTime', 1)
$$;

insert into "ArticleMetric" (
    "articleId", timeframe, "likeCount", "dislikeCount", "laughCount", "cryCount", "heartCount", "commentCount", "collectedCount", "tippedCount", "tippedAmountCount", "viewCount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 40, 36) / frames.part,
    pg_temp.sample_count(ids.id, 2, 3, 2) / frames.part,
    pg_temp.sample_count(ids.id, 3, 10, 5) / frames.part,
    pg_temp.sample_count(ids.id, 4, 8, 4) / frames.part,
    pg_temp.sample_count(ids.id, 5, 30, 11) / frames.part,
    pg_temp.sample_count(ids.id, 6, 5, 3) / frames.part,
    pg_temp.sample_count(ids.id, 7, 15, 6) / frames.part,
    pg_temp.sample_count(ids.id, 8, 2, 1) / frames.part,
    pg_temp.sample_count(ids.id, 8, 2, 500) / frames.part,
    pg_temp.sample_count(ids.id, 10, 60, 1000) / frames.part
from pg_temp.sample_ids(:entities * 1) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "BountyMetric" (
    "bountyId", timeframe, "favoriteCount", "trackCount", "entryCount", "benefactorCount", "unitAmountCount", "commentCount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 40, 9) / frames.part,
    pg_temp.sample_count(ids.id, 2, 60, 20) / frames.part,
    pg_temp.sample_count(ids.id, 3, 70, 12) / frames.part,
    pg_temp.sample_count(ids.id, 4, 95, 5) / frames.part,
    pg_temp.sample_count(ids.id, 5, 95, 9000) / frames.part,
    pg_temp.sample_count(ids.id, 6, 5, 3) / frames.part
from pg_temp.sample_ids(:entities * 1) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "BountyEntryMetric" (
    "bountyEntryId", timeframe, "likeCount", "dislikeCount", "laughCount", "cryCount", "heartCount", "unitAmountCount", "tippedCount", "tippedAmountCount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 40, 36) / frames.part,
    pg_temp.sample_count(ids.id, 2, 3, 2) / frames.part,
    pg_temp.sample_count(ids.id, 3, 10, 5) / frames.part,
    pg_temp.sample_count(ids.id, 4, 8, 4) / frames.part,
    pg_temp.sample_count(ids.id, 5, 30, 11) / frames.part,
    pg_temp.sample_count(ids.id, 6, 95, 9000) / frames.part,
    pg_temp.sample_count(ids.id, 7, 2, 1) / frames.part,
    pg_temp.sample_count(ids.id, 7, 2, 500) / frames.part
from pg_temp.sample_ids(:entities * 1) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "CollectionMetric" (
    "collectionId", timeframe, "followerCount", "itemCount", "contributorCount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 30, 40) / frames.part,
    pg_temp.sample_count(ids.id, 2, 90, 200) / frames.part,
    pg_temp.sample_count(ids.id, 3, 99, 3) / frames.part
from pg_temp.sample_ids(:entities * 2) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "ImageMetric" (
    "imageId", timeframe, "likeCount", "dislikeCount", "laughCount", "cryCount", "heartCount", "commentCount", "collectedCount", "tippedCount", "tippedAmountCount", "viewCount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 40, 36) / frames.part,
    pg_temp.sample_count(ids.id, 2, 3, 2) / frames.part,
    pg_temp.sample_count(ids.id, 3, 10, 5) / frames.part,
    pg_temp.sample_count(ids.id, 4, 8, 4) / frames.part,
    pg_temp.sample_count(ids.id, 5, 30, 11) / frames.part,
    pg_temp.sample_count(ids.id, 6, 5, 3) / frames.part,
    pg_temp.sample_count(ids.id, 7, 15, 6) / frames.part,
    pg_temp.sample_count(ids.id, 8, 2, 1) / frames.part,
    pg_temp.sample_count(ids.id, 8, 2, 500) / frames.part,
    pg_temp.sample_count(ids.id, 10, 60, 1000) / frames.part
from pg_temp.sample_ids(:entities * 8) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "ModelMetric" (
    "modelId", timeframe, "ratingCount", "downloadCount", "commentCount", "collectedCount", "imageCount", "tippedCount", "tippedAmountCount", "generationCount", "thumbsUpCount", "thumbsDownCount", "earnedAmount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 20, 8) / frames.part,
    pg_temp.sample_count(ids.id, 2, 80, 4000) / frames.part,
    pg_temp.sample_count(ids.id, 3, 5, 3) / frames.part,
    pg_temp.sample_count(ids.id, 4, 15, 6) / frames.part,
    pg_temp.sample_count(ids.id, 5, 70, 50) / frames.part,
    pg_temp.sample_count(ids.id, 6, 2, 1) / frames.part,
    pg_temp.sample_count(ids.id, 6, 2, 500) / frames.part,
    pg_temp.sample_count(ids.id, 8, 75, 9000) / frames.part,
    pg_temp.sample_count(ids.id, 9, 50, 60) / frames.part,
    pg_temp.sample_count(ids.id, 10, 5, 3) / frames.part,
    pg_temp.sample_count(ids.id, 11, 10, 2000) / frames.part
from pg_temp.sample_ids(:entities * 2) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "ModelVersionMetric" (
    "modelVersionId", timeframe, "ratingCount", "downloadCount", "commentCount", "collectedCount", "imageCount", "tippedCount", "tippedAmountCount", "generationCount", "thumbsUpCount", "thumbsDownCount", "earnedAmount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 20, 8) / frames.part,
    pg_temp.sample_count(ids.id, 2, 80, 4000) / frames.part,
    pg_temp.sample_count(ids.id, 3, 5, 3) / frames.part,
    pg_temp.sample_count(ids.id, 4, 15, 6) / frames.part,
    pg_temp.sample_count(ids.id, 5, 70, 50) / frames.part,
    pg_temp.sample_count(ids.id, 6, 2, 1) / frames.part,
    pg_temp.sample_count(ids.id, 6, 2, 500) / frames.part,
    pg_temp.sample_count(ids.id, 8, 75, 9000) / frames.part,
    pg_temp.sample_count(ids.id, 9, 50, 60) / frames.part,
    pg_temp.sample_count(ids.id, 10, 5, 3) / frames.part,
    pg_temp.sample_count(ids.id, 11, 10, 2000) / frames.part
from pg_temp.sample_ids(:entities * 3) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "PostMetric" (
    "postId", timeframe, "likeCount", "dislikeCount", "laughCount", "cryCount", "heartCount", "commentCount", "collectedCount", "tippedCount", "tippedAmountCount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 40, 36) / frames.part,
    pg_temp.sample_count(ids.id, 2, 3, 2) / frames.part,
    pg_temp.sample_count(ids.id, 3, 10, 5) / frames.part,
    pg_temp.sample_count(ids.id, 4, 8, 4) / frames.part,
    pg_temp.sample_count(ids.id, 5, 30, 11) / frames.part,
    pg_temp.sample_count(ids.id, 6, 5, 3) / frames.part,
    pg_temp.sample_count(ids.id, 7, 15, 6) / frames.part,
    pg_temp.sample_count(ids.id, 8, 2, 1) / frames.part,
    pg_temp.sample_count(ids.id, 8, 2, 500) / frames.part
from pg_temp.sample_ids(:entities * 4) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "TagMetric" (
    "tagId", timeframe, "followerCount", "hiddenCount", "modelCount", "imageCount", "postCount", "articleCount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 30, 40) / frames.part,
    pg_temp.sample_count(ids.id, 2, 5, 9) / frames.part,
    pg_temp.sample_count(ids.id, 3, 30, 80) / frames.part,
    pg_temp.sample_count(ids.id, 4, 70, 50) / frames.part,
    pg_temp.sample_count(ids.id, 5, 60, 300) / frames.part,
    pg_temp.sample_count(ids.id, 6, 10, 20) / frames.part
from pg_temp.sample_ids(:entities * 1) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

insert into "UserMetric" (
    "userId", timeframe, "followerCount", "followingCount", "hiddenCount", "uploadCount", "reviewCount", "reactionCount"
)
select
    ids.id,
    frames.timeframe,
    pg_temp.sample_count(ids.id, 1, 30, 40) / frames.part,
    pg_temp.sample_count(ids.id, 2, 35, 50) / frames.part,
    pg_temp.sample_count(ids.id, 3, 5, 9) / frames.part,
    pg_temp.sample_count(ids.id, 4, 5, 9) / frames.part,
    pg_temp.sample_count(ids.id, 5, 15, 20) / frames.part,
    pg_temp.sample_count(ids.id, 6, 60, 3000) / frames.part
from (select -1 union all select * from pg_temp.sample_ids(:entities * 2)) as ids (id)
cross join pg_temp.sample_timeframes() as frames;

analyze;
