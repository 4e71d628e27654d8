-- An ImageMetric of :rows rows for the benchmark, all of them AllTime, as the real table has them now. Of the ten mapped counts a row has
-- 1.6 that are not zero on average: most images have some views and few reactions.

truncate "ImageMetric";

insert into "ImageMetric" (
    "imageId", timeframe, "likeCount", "dislikeCount", "laughCount", "cryCount", "heartCount", "commentCount", "collectedCount",
    "tippedCount", "tippedAmountCount", "viewCount"
)
select
    n,
    'AllTime',
    case when h % 100 < 40 then h % 37 else 0 end,
    case when h % 101 < 3 then 1 else 0 end,
    case when h % 103 < 10 then h % 5 else 0 end,
    case when h % 107 < 8 then h % 4 else 0 end,
    case when h % 109 < 30 then h % 11 else 0 end,
    case when h % 113 < 5 then h % 3 else 0 end,
    case when h % 127 < 15 then h % 6 else 0 end,
    case when h % 131 < 2 then 1 else 0 end,
    case when h % 131 < 2 then 50 else 0 end,
    case when h % 137 < 82 then h % 1000 else 0 end
from (
    select n, hashint4(n)::bigint + 2147483648 as h from generate_series(1, :rows) as n
) as hashed;

analyze "ImageMetric";
