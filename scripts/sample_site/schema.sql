-- The ten legacy metric tables with the columns that the site's database has. Two differences: PostMetric has tippedCount and
-- tippedAmountCount here, as the mapping says, which the real one lacks; and there are no foreign keys to the entities.

create type "MetricTimeframe" as enum ('Day', 'Week', 'Month', 'Year', 'AllTime');

create table "ArticleMetric" (
    "articleId" int not null,
    timeframe "MetricTimeframe" not null,
    "likeCount" int not null default 0,
    "dislikeCount" int not null default 0,
    "laughCount" int not null default 0,
    "cryCount" int not null default 0,
    "heartCount" int not null default 0,
    "commentCount" int not null default 0,
    "collectedCount" int not null default 0,
    "tippedCount" int not null default 0,
    "tippedAmountCount" int not null default 0,
    "viewCount" int not null default 0,
    "favoriteCount" int not null default 0,
    "hideCount" int not null default 0,
    "updatedAt" timestamp(3) default now(),
    primary key ("articleId", timeframe)
);

create table "BountyMetric" (
    "bountyId" int not null,
    timeframe "MetricTimeframe" not null,
    "favoriteCount" int not null default 0,
    "trackCount" int not null default 0,
    "entryCount" int not null default 0,
    "benefactorCount" int not null default 0,
    "unitAmountCount" int not null default 0,
    "commentCount" int not null default 0,
    "updatedAt" timestamp(3) default now(),
    primary key ("bountyId", timeframe)
);

create table "BountyEntryMetric" (
    "bountyEntryId" int not null,
    timeframe "MetricTimeframe" not null,
    "likeCount" int not null default 0,
    "dislikeCount" int not null default 0,
    "laughCount" int not null default 0,
    "cryCount" int not null default 0,
    "heartCount" int not null default 0,
    "unitAmountCount" int not null default 0,
    "tippedCount" int not null default 0,
    "tippedAmountCount" int not null default 0,
    "updatedAt" timestamp(3) default now(),
    primary key ("bountyEntryId", timeframe)
);

create table "CollectionMetric" (
    "collectionId" int not null,
    timeframe "MetricTimeframe" not null,
    "followerCount" int not null default 0,
    "itemCount" int not null default 0,
    "contributorCount" int not null default 0,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) default now(),
    primary key ("collectionId", timeframe)
);

create table "ImageMetric" (
    "imageId" int not null,
    timeframe "MetricTimeframe" not null,
    "likeCount" int not null default 0,
    "dislikeCount" int not null default 0,
    "laughCount" int not null default 0,
    "cryCount" int not null default 0,
    "heartCount" int not null default 0,
    "commentCount" int not null default 0,
    "collectedCount" int not null default 0,
    "tippedCount" int not null default 0,
    "tippedAmountCount" int not null default 0,
    "viewCount" int not null default 0,
    "reactionCount" int generated always as ("heartCount" + "likeCount" + "laughCount" + "cryCount") stored,
    "ageGroup" "MetricTimeframe" not null default 'Day',
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) default now(),
    primary key ("imageId", timeframe)
);

create table "ModelMetric" (
    "modelId" int not null,
    timeframe "MetricTimeframe" not null,
    "ratingCount" int not null default 0,
    "downloadCount" int not null default 0,
    "commentCount" int not null default 0,
    "collectedCount" int not null default 0,
    "imageCount" int not null default 0,
    "tippedCount" int not null default 0,
    "tippedAmountCount" int not null default 0,
    "generationCount" int not null default 0,
    "thumbsUpCount" int not null default 0,
    "thumbsDownCount" int not null default 0,
    "earnedAmount" int not null default 0,
    "favoriteCount" int not null default 0,
    rating double precision not null default 0,
    "updatedAt" timestamp(3) default now(),
    primary key ("modelId", timeframe)
);

create table "ModelVersionMetric" (
    "modelVersionId" int not null,
    timeframe "MetricTimeframe" not null,
    "ratingCount" int not null default 0,
    "downloadCount" int not null default 0,
    "commentCount" int not null default 0,
    "collectedCount" int not null default 0,
    "imageCount" int not null default 0,
    "tippedCount" int not null default 0,
    "tippedAmountCount" int not null default 0,
    "generationCount" int not null default 0,
    "thumbsUpCount" int not null default 0,
    "thumbsDownCount" int not null default 0,
    "earnedAmount" int not null default 0,
    "favoriteCount" int not null default 0,
    rating double precision not null default 0,
    "updatedAt" timestamp(3) default now(),
    primary key ("modelVersionId", timeframe)
);

create table "PostMetric" (
    "postId" int not null,
    timeframe "MetricTimeframe" not null,
    "likeCount" int not null default 0,
    "dislikeCount" int not null default 0,
    "laughCount" int not null default 0,
    "cryCount" int not null default 0,
    "heartCount" int not null default 0,
    "commentCount" int not null default 0,
    "collectedCount" int not null default 0,
    "tippedCount" int not null default 0,
    "tippedAmountCount" int not null default 0,
    "reactionCount" int generated always as ("heartCount" + "likeCount" + "laughCount" + "cryCount") stored,
    "ageGroup" "MetricTimeframe" default 'Day',
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) default now(),
    primary key ("postId", timeframe)
);

create table "TagMetric" (
    "tagId" int not null,
    timeframe "MetricTimeframe" not null,
    "followerCount" int not null default 0,
    "hiddenCount" int not null default 0,
    "modelCount" int not null default 0,
    "imageCount" int not null default 0,
    "postCount" int not null default 0,
    "articleCount" int not null default 0,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) default now(),
    primary key ("tagId", timeframe)
);

create table "UserMetric" (
    "userId" int not null,
    timeframe "MetricTimeframe" not null,
    "followerCount" int not null default 0,
    "followingCount" int not null default 0,
    "hiddenCount" int not null default 0,
    "uploadCount" int not null default 0,
    "reviewCount" int not null default 0,
    "reactionCount" int not null default 0,
    "answerCount" int not null default 0,
    "answerAcceptCount" int not null default 0,
    "updatedAt" timestamp(3) default now(),
    primary key ("userId", timeframe)
);
