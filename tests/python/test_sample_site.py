"""The sample site: every case that the site's tables can hold, and legacy counts that follow from its rows."""

import datetime
import sys

import psycopg
import pytest

from entity_metrics import sample_site
from harness import Project, Server
from postgres_server import SAMPLE_MONTHS

CUTOFF = "timestamp '2024-08-07 15:44:39.044'"
"""When the site began to write events itself."""

IN_CUTOFF_SECOND = """date_trunc('second', "createdAt") = '2024-08-07 15:44:39'"""

OCCURRING = {
    "BuzzTip": [
        *[f"\"entityType\" = '{kind}'" for kind in ("Model", "Article", "Image", "Post", "BountyEntry", "bountyEntry", "User")],
        "\"entityType\" = 'ComicProject'",
        '"updatedAt" > "createdAt"',
        """"entityType" = 'Model' and not exists (select from "Model" where id = "entityId")""",
        """"entityType" = 'Article' and not exists (select from "Article" where id = "entityId")""",
        """"entityType" = 'Image' and not exists (select from "Image" where id = "entityId")""",
        'not exists (select from "User" where id = "fromUserId")',
        'not exists (select from "User" where id = "toUserId")',
        "amount = 0",
        "amount < 0",
        '"fromUserId" = -1',
    ],
    "CollectionItem": [
        '"addedById" is null',
        """"addedById" is null and exists (select from "Collection" as c where c.id = "collectionId" and c.mode = 'Bookmark')""",
        """"addedById" is null and exists (select from "Collection" as c where c.id = "collectionId" and c.mode is null)""",
        '"createdAt" is null and "updatedAt" is not null',
        '"createdAt" is null and "updatedAt" is null',
        'num_nonnulls("articleId", "postId", "imageId", "modelId") = 0',
        'num_nonnulls("articleId", "postId", "imageId", "modelId") > 1',
        'not exists (select from "Image" where id = "imageId") and "imageId" is not null',
        'not exists (select from "Model" where id = "modelId") and "modelId" is not null',
        'not exists (select from "Post" where id = "postId") and "postId" is not null',
        'not exists (select from "Article" where id = "articleId") and "articleId" is not null',
        "status = 'REVIEW'",
        "status = 'REJECTED'",
    ],
    "CommentV2": [
        *[
            f'exists (select from "Thread" where "Thread".id = "threadId" and "{column}" is not null)'
            for column in (
                *("imageId", "postId", "articleId", "bountyId", "bountyEntryId", "modelId"),
                *("reviewId", "questionId", "answerId", "clubPostId"),
            )
        ],
        *[
            f"""exists (select from "Thread" where "Thread".id = "threadId" and "commentId" is not null
                and "rootThreadId" is {root} and "parentThreadId" is {parent})"""
            for root in ("null", "not null")
            for parent in ("null", "not null")
        ],
        """exists (select from "Thread" join "CommentV2" as c on c.id = "commentId" join "Thread" as t on t.id = c."threadId"
            where "Thread".id = "CommentV2"."threadId" and t."commentId" is not null)""",
        "hidden",
        "hidden is null",
        '"tosViolation"',
        '"userId" = -1',
    ],
    "ResourceReview": [
        "exclude",
        '"tosViolation"',
        "not recommended",
        """(select count(*) from "ResourceReview" as r
            where r."userId" = "ResourceReview"."userId" and r."modelId" = "ResourceReview"."modelId") > 1""",
    ],
    "ImageReaction": [
        *[f"reaction = '{kind}'" for kind in ("Like", "Dislike", "Laugh", "Cry", "Heart")],
        'exists (select from "Image" as i where i.id = "imageId" and "postId" is null)',
        'exists (select from "Image" as i where i.id = "imageId" and "postId" is not null)',
        'exists (select from "Image" as i where i.id = "imageId" and i."userId" = "ImageReaction"."userId")',
        'exists (select from "Image" as i where i.id = "imageId" and i."userId" = -1)',
        '"userId" = -1',
    ],
    "UserEngagement": ["type = 'Follow'", "type = 'Hide'", "type = 'Block'", '"targetUserId" = -1'],
    "TagEngagement": ["type = 'Follow'", "type = 'Hide'", "type = 'Allow'"],
    "BountyEngagement": ["type = 'Favorite'", "type = 'Track'"],
    "CollectionContributor": [
        "permissions is null",
        *[f"permissions = '{{{members}}}'" for members in ("", "VIEW", "ADD", "ADD_REVIEW", "MANAGE")],
        "cardinality(permissions) = 4",
        '"createdAt" is null and "updatedAt" is not null',
        '"createdAt" is null and "updatedAt" is null',
    ],
    "BountyBenefactor": [
        '"awardedToId" is not null and "awardedAt" is null',
        '"awardedToId" is not null and "awardedAt" is not null',
        '"awardedToId" is null and "awardedAt" is not null',
        '"awardedToId" is null and "awardedAt" is null',
        *[f"currency = '{currency}'" for currency in ("BUZZ", "USD", "USDC")],
        '"unitAmount" < 0',
    ],
    "ArticleReaction": [f"reaction = '{kind}'" for kind in ("Like", "Dislike", "Laugh", "Cry", "Heart")],
    "BountyEntryReaction": [
        *[f"reaction = '{kind}'" for kind in ("Like", "Dislike", "Laugh", "Cry", "Heart")],
        'exists (select from "BountyEntry" where id = "bountyEntryId" and "BountyEntry"."userId" is null)',
    ],
    "Donation": [
        'exists (select from "DonationGoal" as g where g.id = "donationGoalId" and "modelVersionId" is null)',
        """exists (select from "DonationGoal" as g join "DonationGoal" as h on h."modelVersionId" = g."modelVersionId"
            where g.id = "donationGoalId" and h.id <> g.id)""",
        """(select count(*) from "Donation" as d
            where d."userId" = "Donation"."userId" and d."donationGoalId" = "Donation"."donationGoalId") > 1""",
        "amount = 0",
        "amount < 0",
        '"userId" = -1',
    ],
    "ImageResourceNew": [
        'not exists (select from "Image" where id = "imageId")',
        'not exists (select from "ModelVersion" where id = "modelVersionId")',
        """(select count(*) from "ImageResourceNew" as r join "ModelVersion" as v on v.id = r."modelVersionId"
            where r."imageId" = "ImageResourceNew"."imageId"
                and v."modelId" = (select "modelId" from "ModelVersion" where id = "ImageResourceNew"."modelVersionId")) > 1""",
    ],
    "Comment": ['"tosViolation"', '"parentId" is not null', "hidden", "hidden is null"],
    "Article": [
        '"publishedAt" is null',
        "status = 'Unpublished' and \"publishedAt\" is not null",
        "status = 'UnpublishedViolation' and \"publishedAt\" is not null",
        "status = 'Draft' and \"publishedAt\" is not null",
        "\"publishedAt\" > '2026-01-01'",
        '"createdAt" is null',
    ],
    "Bounty": ['"userId" is null'],
    "BountyEntry": ['"userId" is null'],
}

LARGEST = ["Article", "Bounty", "BountyEntry", "Collection", "Image", "Model", "ModelVersion", "Post", "Tag", "User"]
LARGEST += ["CollectionItem", "Comment", "CommentV2", "ImageReaction"]


@pytest.mark.parametrize("table", OCCURRING)
def test_every_case_occurs(project: Project, table: str) -> None:
    conditions = list(OCCURRING[table])
    columns = project.postgres(f"select column_name from information_schema.columns where table_name = '{table}'")
    if ("createdAt",) in columns:
        conditions += [f'"createdAt" < {CUTOFF}', f'"createdAt" >= {CUTOFF}']
    if table in ("ImageReaction", "CommentV2", "BuzzTip"):
        conditions += [f'{IN_CUTOFF_SECOND} and "createdAt" {side} {CUTOFF}' for side in ("<", "=", ">")]
    counts = project.postgres(f'select {", ".join(f"count(*) filter (where {c})" for c in conditions)} from "{table}"')[0]
    assert [condition for condition, count in zip(conditions, counts, strict=True) if count == 0] == []


def test_largest_ids(project: Project) -> None:
    for table in LARGEST:
        assert project.postgres(f'select max(id) from "{table}"') == [(2147483647,)], table


THREAD_COMMENTS = (
    """select "{entity}Id", 1 from "CommentV2" join "Thread" on "Thread".id = "threadId" where "{entity}Id" is not null"""
)
POST_REACTIONS = """select "postId", 1 from "ImageReaction" join "Image" on "Image".id = "imageId" where reaction = '{kind}'"""
REVIEWS = """select "modelVersionId", 1 from "ResourceReview" where {condition} and not exclude and not "tosViolation" """
DONATIONS = """select {id}, {value} from "Donation" join "DonationGoal" as goal on goal.id = "donationGoalId"
    join "ModelVersion" as version on version.id = goal."modelVersionId" """
MODEL_TIPS = """select "entityId", {value} from "BuzzTip" where "entityType" = 'Model' union all """
COUNTED = {
    ("Article", "commentCount"): THREAD_COMMENTS.format(entity="article"),
    ("Article", "collectedCount"): 'select "articleId", 1 from "CollectionItem"',
    ("Article", "tippedCount"): """select "entityId", 1 from "BuzzTip" where "entityType" = 'Article'""",
    ("Article", "tippedAmountCount"): """select "entityId", amount from "BuzzTip" where "entityType" = 'Article'""",
    ("Bounty", "favoriteCount"): """select "bountyId", 1 from "BountyEngagement" where type = 'Favorite'""",
    ("Bounty", "trackCount"): """select "bountyId", 1 from "BountyEngagement" where type = 'Track'""",
    ("Bounty", "entryCount"): 'select "bountyId", 1 from "BountyEntry"',
    ("Bounty", "benefactorCount"): 'select "bountyId", 1 from "BountyBenefactor"',
    ("Bounty", "unitAmountCount"): 'select "bountyId", "unitAmount" from "BountyBenefactor"',
    ("Bounty", "commentCount"): THREAD_COMMENTS.format(entity="bounty"),
    ("BountyEntry", "unitAmountCount"): 'select "awardedToId", "unitAmount" from "BountyBenefactor"',
    ("Collection", "followerCount"): """select "collectionId", 1 from "CollectionContributor" where 'VIEW' = any (permissions)""",
    (
        "Collection",
        "contributorCount",
    ): """select "collectionId", 1 from "CollectionContributor" where 'ADD' = any (permissions)""",
    ("Collection", "itemCount"): 'select "collectionId", 1 from "CollectionItem"',
    ("Model", "tippedCount"): MODEL_TIPS.format(value=1) + DONATIONS.format(id='"modelId"', value=1),
    ("Model", "tippedAmountCount"): MODEL_TIPS.format(value="amount") + DONATIONS.format(id='"modelId"', value="amount"),
    ("ModelVersion", "tippedCount"): DONATIONS.format(id="version.id", value=1),
    ("ModelVersion", "tippedAmountCount"): DONATIONS.format(id="version.id", value="amount"),
    ("ModelVersion", "thumbsUpCount"): REVIEWS.format(condition="recommended"),
    ("ModelVersion", "thumbsDownCount"): REVIEWS.format(condition="not recommended"),
    **{
        ("Post", f"{kind.lower()}Count"): POST_REACTIONS.format(kind=kind)
        for kind in ("Like", "Dislike", "Laugh", "Cry", "Heart")
    },
    ("Post", "commentCount"): THREAD_COMMENTS.format(entity="post"),
    ("Post", "collectedCount"): 'select "postId", 1 from "CollectionItem"',
    ("Tag", "followerCount"): """select "tagId", 1 from "TagEngagement" where type = 'Follow'""",
    ("Tag", "hiddenCount"): """select "tagId", 1 from "TagEngagement" where type = 'Hide'""",
    ("User", "followerCount"): """select "targetUserId", 1 from "UserEngagement" where type = 'Follow'""",
    ("User", "followingCount"): """select "userId", 1 from "UserEngagement" where type = 'Follow'""",
    ("User", "hiddenCount"): """select "targetUserId", 1 from "UserEngagement" where type = 'Hide'""",
}


def test_legacy_counts_follow_from_the_rows(project: Project) -> None:
    """Entity by entity, for every entity that exists, and for no other."""
    for (entity, column), rows in COUNTED.items():
        key = f"{entity[0].lower()}{entity[1:]}Id"
        differing = project.postgres(
            f"""with counted (id, value) as ({rows}),
                sums as (select id, sum(value) as value from counted group by id)
                select e.id, m."{column}", sums.value
                from "{entity}" as e
                full join (select * from "{entity}Metric" where timeframe = 'AllTime') as m on m."{key}" = e.id
                left join sums on sums.id = e.id
                where e.id is null or m."{column}" is distinct from coalesce(sums.value, 0)"""
        )
        assert differing == [], (entity, column)
        assert project.postgres(f"""select sum("{column}") > 0 from "{entity}Metric" where timeframe = 'AllTime'""") == [(True,)]


def test_zeros_and_negatives(project: Project) -> None:
    """Entities without anything, and counts below zero: no constraint forbids them."""
    columns = ("favoriteCount", "trackCount", "entryCount", "benefactorCount", "unitAmountCount", "commentCount")
    nothing = " and ".join(f'"{column}" = 0' for column in columns)
    zeros = f"""select count(*) from "BountyMetric" where timeframe = 'AllTime' and {nothing}"""
    assert project.postgres(zeros)[0][0] > 0
    assert project.postgres("""select count(*) from "BountyMetric" where "unitAmountCount" < 0""")[0][0] > 0


def test_the_same_in_a_schema_of_its_own(server: Server) -> None:
    """Every time the same rows, whatever the schema is called; a second attempt changes nothing."""
    with server.connect("postgres") as connection:
        connection.execute("create schema site; set search_path = site")
        sample_site.fill(connection, 100, SAMPLE_MONTHS)
        digests = []
        for table, but in (("CommentV2", ""), ("BuzzTip", ""), ("ModelMetric", " - 'updatedAt'")):
            query = f"""select md5(string_agg(row, ';' order by row))
                from (select (to_jsonb(t){but})::text as row from "{table}" as t) as rows""".encode()
            with server.connect("sample") as other:
                digests.append((connection.execute(query).fetchone(), other.execute(query).fetchone()))
        with pytest.raises(psycopg.errors.DuplicateObject):
            sample_site.fill(connection, 100, SAMPLE_MONTHS)
        connection.execute("drop schema site cascade")
    assert [one for one, other in digests if one != other] == []


def test_months(server: Server) -> None:
    """All 28 have reactions; in the tests' sample every fourth has, and the one in which the site began to write events."""
    months = """select distinct date_trunc('month', "createdAt")::date from "ImageReaction" order by 1"""
    with server.connect("postgres") as connection:
        connection.execute("create schema site; set search_path = site")
        sample_site.fill(connection, 100)
        of_all = [month for (month,) in connection.execute(months)]
        connection.execute("drop schema site cascade")
    with server.connect("sample") as connection:
        of_few = [month for (month,) in connection.execute(months)]
    assert (len(of_all), str(of_all[0]), str(of_all[-1])) == (28, "2022-11-01", "2025-02-01")
    assert of_few == sorted({*of_all[:: 28 // SAMPLE_MONTHS], datetime.date(2024, 8, 1)})


def test_clickhouse_tables(connected: Project) -> None:
    """The ClickHouse side is filled once, for the versions in Postgres and for others."""
    tables = ("default.modelVersionEvents", "orchestration.jobs", "default.buzz_resource_compensation")
    load = (sys.executable, "scripts/sample_site.py", "load-clickhouse")
    connected.run(*load)
    filled = [connected.value(f"select count() from {table}") for table in tables]
    connected.run(*load)
    assert [connected.value(f"select count() from {table}") for table in tables] == filled
    compensated = "default.buzz_resource_compensation"
    assert connected.value(f"select count() from {compensated} final") < filled[2]
    assert connected.value(f"select countIf(final) from {compensated} final") > 0
    known = "(select id from postgres_source.ModelVersion)"
    cases = {
        "default.modelVersionEvents": [
            "type = 'Download'",
            "type = 'HideDownload'",
            "userId = 0",
            "userId = -1",
            f"modelVersionId not in {known}",
            f"modelVersionId in {known}",
            "time < '2024-08-07 15:44:39'",
            "time = '2024-08-07 15:44:39'",
            "time > '2024-08-07 15:44:39'",
        ],
        "orchestration.jobs": [
            *[f"jobType = '{kind}'" for kind in ("TextToImageV2", "TextToImage", "Comfy", "ImageTraining")],
            "empty(resourcesUsed)",
            "length(resourcesUsed) != length(arrayDistinct(resourcesUsed))",
            f"arrayExists(id -> id not in {known}, resourcesUsed)",
            "userId = 0",
            "userId = -1",
            "blobsCount = 0",
            "blobsCount > 1",
            "createdAt < '2024-08-07 15:44:39.044'",
            "createdAt >= '2024-08-07 15:44:39.044'",
        ],
        compensated: [f"modelVersionId not in {known}", "date < '2024-08-07 15:44:39'", "date > '2024-08-07 15:44:39'"],
    }
    for table, conditions in cases.items():
        counts = connected.rows(f"select {', '.join(f'countIf({condition})' for condition in conditions)} from {table}")[0]
        assert [condition for condition, count in zip(conditions, counts, strict=True) if count == 0] == []
