-- For the benchmark, the rows of ImageReaction once more as an ArticleReaction, of a hundredth as many articles.

truncate "Article", "ArticleReaction" cascade;
alter table "Article" drop constraint if exists "Article_userId_fkey";
alter table "ArticleReaction"
    drop constraint if exists "ArticleReaction_articleId_fkey",
    drop constraint if exists "ArticleReaction_userId_fkey",
    drop constraint if exists "ArticleReaction_articleId_userId_reaction_key";

insert into "Article" (id, "userId", "publishedAt", "createdAt", "updatedAt")
select n, 1 + n % 50000, timestamp '2022-11-01', timestamp '2022-11-01', timestamp '2025-05-01'
from generate_series(1, greatest(:rows / 100, 1)) as n;

insert into "ArticleReaction" (id, "articleId", "userId", reaction, "createdAt", "updatedAt")
select id, 1 + "imageId" % greatest(:rows / 100, 1), "userId", reaction, "createdAt", "updatedAt"
from "ImageReaction";
