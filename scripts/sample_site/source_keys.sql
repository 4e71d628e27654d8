-- The foreign keys and the indexes that the site's database has on its source tables. There are no others: a tip, an item of a collection
-- and a resource of an image outlive what they point to. Added after the rows, since checking all at once is faster.

alter table "Model" add foreign key ("userId") references "User" on delete restrict;
alter table "ModelVersion" add foreign key ("modelId") references "Model" on delete cascade;
alter table "Post" add foreign key ("modelVersionId") references "ModelVersion" on delete set null;
alter table "Image" add foreign key ("postId") references "Post" on delete set null;
alter table "Article" add foreign key ("userId") references "User" on delete cascade;
alter table "Bounty" add foreign key ("userId") references "User" on delete set null;
alter table "BountyEntry"
    add foreign key ("bountyId") references "Bounty" on delete cascade,
    add foreign key ("userId") references "User" on delete set null;
alter table "DonationGoal" add foreign key ("modelVersionId") references "ModelVersion" on delete set null;

create index on "BuzzTip" ("toUserId");

alter table "CollectionItem"
    add foreign key ("collectionId") references "Collection" on delete cascade,
    add foreign key ("addedById") references "User" on delete set null,
    add foreign key ("reviewedById") references "User" on delete set null,
    add foreign key ("tagId") references "Tag" on delete set null;
alter table "Thread"
    add foreign key ("parentThreadId") references "Thread" on delete cascade,
    add foreign key ("rootThreadId") references "Thread" on delete cascade,
    add foreign key ("imageId") references "Image" on delete set null,
    add foreign key ("postId") references "Post" on delete set null,
    add foreign key ("articleId") references "Article" on delete set null,
    add foreign key ("bountyId") references "Bounty" on delete set null,
    add foreign key ("bountyEntryId") references "BountyEntry" on delete set null,
    add foreign key ("modelId") references "Model" on delete set null,
    add foreign key ("reviewId") references "ResourceReview" on delete set null,
    add foreign key ("commentId") references "CommentV2" on delete set null;
alter table "CommentV2"
    add foreign key ("userId") references "User" on delete cascade,
    add foreign key ("threadId") references "Thread" on delete cascade;
alter table "ResourceReview"
    add foreign key ("modelId") references "Model" on delete cascade,
    add foreign key ("modelVersionId") references "ModelVersion" on delete cascade,
    add foreign key ("userId") references "User" on delete cascade;
alter table "ImageReaction"
    add foreign key ("imageId") references "Image" on delete cascade,
    add foreign key ("userId") references "User" on delete cascade;
alter table "UserEngagement"
    add foreign key ("userId") references "User" on delete cascade,
    add foreign key ("targetUserId") references "User" on delete cascade;
alter table "TagEngagement"
    add foreign key ("userId") references "User" on delete cascade,
    add foreign key ("tagId") references "Tag" on delete cascade;
alter table "BountyEngagement"
    add foreign key ("bountyId") references "Bounty" on delete cascade,
    add foreign key ("userId") references "User" on delete cascade;
alter table "CollectionContributor"
    add foreign key ("userId") references "User" on delete cascade,
    add foreign key ("collectionId") references "Collection" on delete cascade;
alter table "BountyBenefactor"
    add foreign key ("bountyId") references "Bounty" on delete cascade,
    add foreign key ("userId") references "User" on delete cascade,
    add foreign key ("awardedToId") references "BountyEntry" on delete set null;
alter table "ArticleReaction"
    add foreign key ("articleId") references "Article" on delete cascade,
    add foreign key ("userId") references "User" on delete cascade;
alter table "BountyEntryReaction"
    add foreign key ("bountyEntryId") references "BountyEntry" on delete cascade,
    add foreign key ("userId") references "User" on delete cascade;
alter table "Comment"
    add foreign key ("modelId") references "Model" on delete cascade,
    add foreign key ("userId") references "User" on delete cascade,
    add foreign key ("parentId") references "Comment" on delete cascade;
