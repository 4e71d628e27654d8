-- An ImageReaction of :rows rows for the benchmark, and a quarter as many images: seven in ten have a post, and each a few reactions.
-- The times are spread over 30 months, in the order of the ids; the first 21 of them are before the default cutoff. Foreign keys would
-- take more time than the rows.

truncate "Image", "ImageReaction" cascade;
alter table "Image" drop constraint if exists "Image_postId_fkey";
alter table "ImageReaction"
    drop constraint if exists "ImageReaction_imageId_fkey",
    drop constraint if exists "ImageReaction_userId_fkey",
    drop constraint if exists "ImageReaction_imageId_userId_reaction_key";

insert into "Image" (id, "userId", "postId", "createdAt", "updatedAt")
select
    n,
    1 + h % 50000,
    case when h % 10 < 7 then 1 + n / 4 end,
    timestamp '2022-11-01' + interval '1 second' * (h % 77760000),
    timestamp '2025-05-01'
from (
    select n, hashint4(n)::bigint + 2147483648 as h from generate_series(1, greatest(:rows / 4, 1)) as n
) as hashed;

insert into "ImageReaction" (id, "imageId", "userId", reaction, "createdAt", "updatedAt")
select
    n,
    1 + (hashint4(n + 1)::bigint + 2147483648) % greatest(:rows / 4, 1),
    1 + h % 100000,
    (array['Like', 'Like', 'Heart', 'Heart', 'Laugh', 'Cry', 'Dislike'])[1 + h % 7]::"ReviewReactions",
    timestamp '2022-11-01' + interval '1 millisecond' * (n * (77760000000 / :rows) + h % 1000),
    timestamp '2025-05-01'
from (
    select n, hashint4(n)::bigint + 2147483648 as h from generate_series(1, :rows) as n
) as hashed;
