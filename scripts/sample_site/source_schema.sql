-- The tables that the site's users write, with the columns that metrics depend on: types, defaults, primary and unique keys are the
-- site's. Tag.name is citext there, an extension that not every Postgres has; ids have a sequence there. Foreign keys and other
-- indexes are in source_keys.sql, which is run when the rows are there.

create type "ArticleStatus" as enum ('Draft', 'Published', 'Unpublished', 'UnpublishedViolation');
create type "Availability" as enum ('Public', 'Unsearchable', 'Private', 'EarlyAccess');
create type "BountyEngagementType" as enum ('Favorite', 'Track');
create type "CollectionContributorPermission" as enum ('VIEW', 'ADD', 'ADD_REVIEW', 'MANAGE');
create type "CollectionItemStatus" as enum ('ACCEPTED', 'REVIEW', 'REJECTED');
create type "CollectionMode" as enum ('Contest', 'Bookmark');
create type "CollectionReadConfiguration" as enum ('Private', 'Public', 'Unlisted');
create type "CollectionType" as enum ('Model', 'Article', 'Post', 'Image');
create type "CollectionWriteConfiguration" as enum ('Private', 'Public', 'Review');
create type "Currency" as enum ('USD', 'BUZZ', 'USDC');
create type "ImageIngestionStatus" as enum ('Pending', 'Scanned', 'Error', 'Blocked', 'NotFound');
create type "ModelStatus" as enum (
    'Draft', 'Training', 'Published', 'Scheduled', 'Unpublished', 'UnpublishedViolation', 'GatherInterest', 'Deleted'
);
create type "ReviewReactions" as enum ('Like', 'Dislike', 'Laugh', 'Cry', 'Heart');
create type "TagEngagementType" as enum ('Hide', 'Follow', 'Allow');
create type "TagType" as enum ('UserGenerated', 'Label', 'Moderation', 'System');
create type "UserEngagementType" as enum ('Follow', 'Hide', 'Block');

-- Who and what there is.

create table "User" (
    id int primary key,
    "deletedAt" timestamp(3),
    "bannedAt" timestamp(3),
    "createdAt" timestamp(3) not null default now()
);

create table "Tag" (
    id int primary key,
    name text not null unique,
    type "TagType" not null default 'UserGenerated'
);

create table "Model" (
    id int primary key,
    "userId" int not null,
    status "ModelStatus" not null default 'Draft',
    "publishedAt" timestamp(3),
    "deletedAt" timestamp(3),
    "createdAt" timestamp(3) not null default now(),
    availability "Availability" not null default 'Public'
);

create table "ModelVersion" (
    id int primary key,
    "modelId" int not null,
    status "ModelStatus" not null default 'Draft',
    "publishedAt" timestamp(3),
    "createdAt" timestamp(3) not null default now(),
    availability "Availability" not null default 'Public'
);

create table "Post" (
    id int primary key,
    "userId" int not null,
    "modelVersionId" int,
    "publishedAt" timestamp(3),
    "createdAt" timestamp(3) not null default now(),
    "collectionId" int,
    unlisted boolean not null default false
);

create table "Image" (
    id int primary key,
    "userId" int not null,
    "postId" int,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    "tosViolation" boolean not null default false,
    ingestion "ImageIngestionStatus" not null default 'Pending',
    "blockedFor" text
);

create table "Article" (
    id int primary key,
    "userId" int not null,
    status "ArticleStatus" not null default 'Draft',
    "publishedAt" timestamp(3),
    "createdAt" timestamp(3),
    "updatedAt" timestamp(3),
    unlisted boolean not null default false,
    "tosViolation" boolean not null default false,
    availability "Availability" not null default 'Public'
);

create table "Bounty" (
    id int primary key,
    "userId" int,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    "startsAt" date not null,
    "expiresAt" date not null,
    complete boolean not null default false,
    refunded boolean not null default false,
    availability "Availability" not null default 'Public'
);

create table "BountyEntry" (
    id int primary key,
    "userId" int,
    "bountyId" int not null,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    locked boolean not null default false
);

create table "Collection" (
    id int primary key,
    "userId" int not null,
    mode "CollectionMode",
    type "CollectionType",
    read "CollectionReadConfiguration" not null default 'Private',
    write "CollectionWriteConfiguration" not null default 'Private',
    "createdAt" timestamp(3),
    "updatedAt" timestamp(3)
);

create table "DonationGoal" (
    id int primary key,
    "modelVersionId" int
);

create table "Donation" (
    id int primary key,
    "userId" int not null,
    "donationGoalId" int not null,
    amount int not null,
    "createdAt" timestamp(3) not null default now()
);

create table "TagsOnModels" (
    "modelId" int not null,
    "tagId" int not null,
    "createdAt" timestamp(3) not null default now(),
    primary key ("modelId", "tagId")
);

create table "TagsOnPost" (
    "postId" int not null,
    "tagId" int not null,
    "createdAt" timestamp(3) not null default now(),
    primary key ("postId", "tagId")
);

create table "TagsOnArticle" (
    "articleId" int not null,
    "tagId" int not null,
    "createdAt" timestamp(3) not null default now(),
    primary key ("articleId", "tagId")
);

-- What users do with it.

create table "BuzzTip" (
    "entityType" text not null,
    "entityId" int not null,
    "toUserId" int not null,
    "fromUserId" int not null,
    amount int not null,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    primary key ("entityType", "entityId", "fromUserId")
);

create table "CollectionItem" (
    id int primary key,
    "createdAt" timestamp(3),
    "updatedAt" timestamp(3),
    "collectionId" int not null,
    "articleId" int,
    "postId" int,
    "imageId" int,
    "modelId" int,
    "addedById" int,
    "reviewedById" int,
    "reviewedAt" timestamp(3),
    status "CollectionItemStatus" not null default 'ACCEPTED',
    "randomId" int,
    "tagId" int
);

-- Unique, so here and not in source_keys.sql.
create unique index on "CollectionItem" ("collectionId", "articleId") where "articleId" is not null;
create unique index on "CollectionItem" ("collectionId", "postId") where "postId" is not null;
create unique index on "CollectionItem" ("collectionId", "imageId") where "imageId" is not null;
create unique index on "CollectionItem" ("collectionId", "modelId") where "modelId" is not null;

create table "Thread" (
    id int primary key,
    "parentThreadId" int,
    "rootThreadId" int,
    "imageId" int unique,
    "postId" int unique,
    "articleId" int unique,
    "bountyId" int unique,
    "bountyEntryId" int unique,
    "modelId" int unique,
    "reviewId" int unique,
    "questionId" int unique,
    "answerId" int unique,
    "commentId" int unique,
    "clubPostId" int unique,
    "commentCount" int not null default 0
);

create table "CommentV2" (
    id int primary key,
    "userId" int not null,
    "threadId" int not null,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    nsfw boolean not null default false,
    "tosViolation" boolean not null default false,
    hidden boolean default false,
    "pinnedAt" timestamp(3),
    "reactionCount" int not null default 0
);

create table "ResourceReview" (
    id int primary key,
    "modelId" int not null,
    "modelVersionId" int not null,
    "userId" int not null,
    rating int not null,
    recommended boolean not null default true,
    exclude boolean not null default false,
    "tosViolation" boolean not null default false,
    nsfw boolean not null default false,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    unique ("modelVersionId", "userId")
);

create table "ImageReaction" (
    id int primary key,
    "imageId" int not null,
    "userId" int not null,
    reaction "ReviewReactions" not null,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    unique ("imageId", "userId", reaction)
);

create table "UserEngagement" (
    "userId" int not null,
    "targetUserId" int not null,
    type "UserEngagementType" not null,
    "createdAt" timestamp(3) not null default now(),
    primary key ("userId", "targetUserId")
);

create table "TagEngagement" (
    "userId" int not null,
    "tagId" int not null,
    type "TagEngagementType" not null,
    "createdAt" timestamp(3) not null default now(),
    primary key ("userId", "tagId")
);

create table "BountyEngagement" (
    type "BountyEngagementType" not null,
    "bountyId" int not null,
    "userId" int not null,
    "createdAt" timestamp(3) not null default now(),
    primary key (type, "bountyId", "userId")
);

create table "CollectionContributor" (
    "userId" int not null,
    "collectionId" int not null,
    permissions "CollectionContributorPermission"[],
    "createdAt" timestamp(3),
    "updatedAt" timestamp(3),
    primary key ("userId", "collectionId")
);

create table "BountyBenefactor" (
    "bountyId" int not null,
    "userId" int not null,
    "unitAmount" int not null,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    "awardedAt" timestamp(3),
    "awardedToId" int,
    currency "Currency" not null default 'BUZZ',
    "buzzTransactionId" text[] not null default '{}',
    primary key ("bountyId", "userId")
);

create table "ArticleReaction" (
    id int primary key,
    "articleId" int not null,
    "userId" int not null,
    reaction "ReviewReactions" not null,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null,
    unique ("articleId", "userId", reaction)
);

create table "BountyEntryReaction" (
    "bountyEntryId" int not null,
    "userId" int not null,
    reaction "ReviewReactions" not null,
    "createdAt" timestamp(3) not null default now(),
    primary key ("bountyEntryId", "userId", reaction)
);

create table "ImageResourceNew" (
    "imageId" int not null,
    "modelVersionId" int not null,
    strength int,
    detected boolean not null default false,
    primary key ("imageId", "modelVersionId")
);

create table "Comment" (
    id int primary key,
    "modelId" int not null,
    "userId" int not null,
    "parentId" int,
    "tosViolation" boolean not null default false,
    hidden boolean default false,
    "createdAt" timestamp(3) not null default now(),
    "updatedAt" timestamp(3) not null
);
