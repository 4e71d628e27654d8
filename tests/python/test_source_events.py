"""The twenty source packages: what they publish against Postgres's own computation, and every check seen red."""

import re

import pytest
from click.testing import CliRunner

from entity_metrics import backfill, source_events
from entity_metrics.dbt_runs import Outcome
from entity_metrics.explain import Failure
from harness import BIN, EVENTS, Nodes, Project

JOB = "source_events"
AUDIT = "entity_metrics_dbt_test__audit"
FEW = ("bounty_benefactor", "buzz_tip", "collection_contributor", "tag_engagement")
BUILT = " ".join(f"+{package}" for package in FEW)
"""Each alone on a target that has nothing else."""

CUTOFF = 1723045479044
"""2024-08-07 15:44:39.044 in milliseconds."""

# The rules once more, as Postgres would have them: entityType, entityId, userId, metricType, metricValue and the time. Rows
# without an entity, without a metric, or with a value of zero are no events; a missing user is 0, a missing time 2022-11-01.
RULES = {
    "buzz_tip": """
        select entity_type, entity_id, "fromUserId", metric, value, "createdAt"
        from "BuzzTip"
        cross join lateral (
            select replace("entityType", 'bounty', 'Bounty'), case when "entityType" <> 'User' then "entityId" end
        ) as tipped (kind, id)
        cross join lateral (values
            ('User', "toUserId", 'tippedCount', 1),
            ('User', "toUserId", 'tippedAmount', amount),
            ('User', "fromUserId", 'tipsGivenCount', 1),
            ('User', "fromUserId", 'tipsGivenAmount', amount),
            (tipped.kind, tipped.id, 'tippedCount', 1),
            (tipped.kind, tipped.id, 'tippedAmount', amount)
        ) as event (entity_type, entity_id, metric, value)""",
    "collection_item": """
        select entity_type, entity_id, "addedById", metric, 1, coalesce("createdAt", "updatedAt")
        from "CollectionItem" cross join lateral (values
            ('Collection', "collectionId", 'itemCount'),
            ('Model', "modelId", 'collectedCount'),
            ('Post', "postId", 'collectedCount'),
            ('Article', "articleId", 'collectedCount'),
            ('Image', "imageId", 'Collection')
        ) as event (entity_type, entity_id, metric)""",
    "comment_v2": """
        select entity_type, entity_id, "userId", 'commentCount', 1, "createdAt"
        from "CommentV2" as comment join "Thread" as thread on thread.id = comment."threadId"
        cross join lateral (values
            ('Post', "postId"), ('Image', "imageId"), ('Article', "articleId"), ('Bounty', "bountyId")
        ) as event (entity_type, entity_id)""",
    "resource_review": """
        select entity_type, entity_id, "userId", metric, 1, "createdAt"
        from "ResourceReview" cross join lateral (values
            ('Model', "modelId", 'ratingCount'),
            ('Model', "modelId", case when recommended then 'thumbsUpCount' else 'thumbsDownCount' end),
            ('ModelVersion', "modelVersionId", 'ratingCount'),
            ('ModelVersion', "modelVersionId", case when recommended then 'thumbsUpCount' else 'thumbsDownCount' end)
        ) as event (entity_type, entity_id, metric)
        where not (exclude or "tosViolation")""",
    "image_reaction": """
        select entity_type, entity_id, reaction."userId", metric, 1, reaction."createdAt"
        from "ImageReaction" as reaction join "Image" as image on image.id = "imageId"
        cross join lateral (values
            ('User', image."userId", 'reactionCount'),
            ('Image', "imageId", reaction::text),
            ('Post', "postId", reaction::text),
            ('Post', "postId", 'reactionCount')
        ) as event (entity_type, entity_id, metric)""",
    "article_reaction": """
        select entity_type, entity_id, reaction."userId", metric, 1, reaction."createdAt"
        from "ArticleReaction" as reaction join "Article" as article on article.id = "articleId"
        cross join lateral (values
            ('User', article."userId", 'reactionCount'), ('Article', "articleId", reaction::text)
        ) as event (entity_type, entity_id, metric)""",
    "bounty_entry_reaction": """
        select entity_type, entity_id, reaction."userId", metric, 1, reaction."createdAt"
        from "BountyEntryReaction" as reaction join "BountyEntry" as entry on entry.id = "bountyEntryId"
        cross join lateral (values
            ('User', entry."userId", 'reactionCount'), ('BountyEntry', "bountyEntryId", reaction::text)
        ) as event (entity_type, entity_id, metric)""",
    "user_engagement": """
        select 'User', "userId", "userId", 'followingCount', 1, "createdAt" from "UserEngagement" where type = 'Follow'
        union all
        select 'User', "targetUserId", "userId", case type when 'Follow' then 'followerCount' when 'Hide' then 'hiddenCount' end,
            1, "createdAt"
        from "UserEngagement" """,
    "tag_engagement": """
        select 'Tag', "tagId", "userId", case type when 'Follow' then 'followerCount' when 'Hide' then 'hiddenCount' end,
            1, "createdAt"
        from "TagEngagement" """,
    "bounty_engagement": """
        select 'Bounty', "bountyId", "userId", case type when 'Favorite' then 'favoriteCount' when 'Track' then 'trackCount' end,
            1, "createdAt"
        from "BountyEngagement" """,
    "collection_contributor": """
        select 'Collection', "collectionId", "userId", metric, 1, coalesce("createdAt", "updatedAt")
        from "CollectionContributor" cross join lateral (values
            ('followerCount', 'VIEW'::"CollectionContributorPermission"), ('contributorCount', 'ADD')
        ) as event (metric, permission)
        where permission = any (permissions)""",
    "bounty_benefactor": """
        select entity_type, entity_id, "userId", metric, value, at
        from "BountyBenefactor" cross join lateral (values
            ('Bounty', "bountyId", 'benefactorCount', 1, "createdAt"),
            ('Bounty', "bountyId", 'unitAmount', "unitAmount", "createdAt"),
            ('BountyEntry', "awardedToId", 'unitAmount', "unitAmount", coalesce("awardedAt", "updatedAt"))
        ) as event (entity_type, entity_id, metric, value, at)""",
    "image_resource_new": """
        select entity_type, entity_id, image."userId", 'imageCount', 1, image."createdAt"
        from "ImageResourceNew" join "Image" as image on image.id = "imageId"
        join "ModelVersion" as version on version.id = "modelVersionId"
        cross join lateral (values ('Model', "modelId"), ('ModelVersion', "modelVersionId")) as event (entity_type, entity_id)""",
    "comment": """
        select 'Model', "modelId", "userId", 'commentCount', 1, "createdAt" from "Comment" where not "tosViolation" """,
    "article": """
        select 'User', "userId", "userId", 'articleCount', 1, "publishedAt" from "Article" where "publishedAt" is not null""",
    "bounty": """select 'User', "userId", "userId", 'bountyCount', 1, "createdAt" from "Bounty" """,
    "bounty_entry": """select 'Bounty', "bountyId", "userId", 'entryCount', 1, "createdAt" from "BountyEntry" """,
}

TAGS = "entityType = 'Tag' and metricType in ('followerCount', 'hiddenCount') and version = 1"
IN_JULY = " and _partition_id = '202307'"

Event = tuple[str, int, int, str, int, int]
"""entityType, entityId, userId, metricType, metricValue; createdAt in seconds, or in milliseconds where it says so."""


def expected(project: Project, package: str) -> list[Event]:
    """All events of the package, with milliseconds."""
    if package not in RULES:
        return expected_from_clickhouse(project)[package]
    return project.postgres(f"""
        select entity_type, entity_id, coalesce(user_id, 0), metric, value,
            (extract(epoch from coalesce(at, '2022-11-01')) * 1000)::bigint
        from ({RULES[package]}) as events (entity_type, entity_id, user_id, metric, value, at)
        where entity_id is not null and metric is not null and value <> 0""")


def expected_from_clickhouse(project: Project) -> dict[str, list[Event]]:
    """The same of the three packages whose source is in ClickHouse. An unknown version has no model."""
    model_of = dict(project.postgres("""select id, "modelId" from "ModelVersion" """))
    downloads = project.rows(
        "select modelId, modelVersionId, userId, toUnixTimestamp(time) * 1000"
        " from default.modelVersionEvents where toString(type) = 'Download'"
    )
    jobs = project.rows(
        "select toString(jobType), resourcesUsed, userId, toUnixTimestamp64Milli(createdAt) from orchestration.jobs"
    )
    latest = {}
    for day, version, total, _ in sorted(
        project.rows(
            "select toUnixTimestamp(date) * 1000, modelVersionId, total, updated_at from default.buzz_resource_compensation"
        ),
        key=lambda row: row[3],
    ):
        latest[day, version] = total
    generations = [
        (version, user, at)
        for kind, versions, user, at in jobs
        if kind in ("TextToImageV2", "TextToImage", "Comfy")
        for version in versions
    ]

    def both(metric: str, model: int | None, version: int, user: int, value: int, at: int) -> list[Event]:
        of_model = [("Model", model, user, metric, value, at)] if model is not None else []
        return [*of_model, ("ModelVersion", version, user, metric, value, at)] if value else []

    return {
        "model_version_events": [e for m, v, user, at in downloads for e in both("downloadCount", m, v, user, 1, at)],
        "orchestration_jobs": [
            e for v, user, at in generations for e in both("generationCount", model_of.get(v), v, user, 1, at)
        ],
        "buzz_resource_compensation": [
            e for (day, v), total in latest.items() for e in both("earnedAmount", model_of.get(v), v, 0, total, day)
        ],
    }


def in_seconds(events: list[Event], before: int | None = None) -> list[Event]:
    """Sorted, with seconds as the event table has them. before: only those before this time in milliseconds."""
    return sorted((*event[:5], event[5] // 1000) for event in events if before is None or event[5] < before)


def events_in(project: Project, table: str, condition: str = "version = 1") -> list[Event]:
    return sorted(
        project.rows(
            "select toString(entityType), entityId, userId, toString(metricType), metricValue, toUnixTimestamp(createdAt)"
            f" from {table} where {condition}"
        )
    )


def published_as_expected(project: Project, *packages: str, before: int | None = CUTOFF) -> bool:
    """Whether the packages' models hold all their events, and the event table those before the cutoff and none besides."""
    wanted = []
    for package in packages:
        events = expected(project, package)
        assert events_in(project, f"entity_metrics.{package}") == in_seconds(events) != [], package
        wanted += events
    metrics = "', '".join({f"{event[0]} {event[3]}" for event in wanted})
    condition = f"version = 1 and entityType || ' ' || metricType in ('{metrics}')"
    return events_in(project, EVENTS, condition) == in_seconds(wanted, before)


def data_tests(project: Project, *models: str, variables: str = "{}") -> Nodes:
    """Run the data tests of the models, or of the whole job."""
    selected = [f"{model},test_type:data" for model in models or [JOB]]
    done = project.dbt_here("test", "--select", *selected, "--vars", variables, ok=None)
    assert not done.that("error", "skipped", "runtime error"), done.errors
    return done


def test_all_packages_then_every_check_of_each_seen_red(connected: Project) -> None:
    """Built and published on an empty target as Postgres would have it, row by row; then all of it is broken at once."""
    project = connected
    project.load_clickhouse()
    ran = project.dbt("build", "--select", JOB)
    green = set(re.findall(r" PASS (\w+)", ran.output))
    warned = {name: int(rows) for rows, name in re.findall(r" WARN (\d+) (\w+)", ran.output)}
    assert {name.split("_")[0] for name in warned} == {"report", "known", "bounty"}
    assert warned["known_entity_types_buzz_tip"] == 1
    assert warned["bounty_without_author"] == project.postgres("""select count(*) from "Bounty" where "userId" is null""")[0][0]
    assert published_as_expected(project, *source_events.PACKAGES)
    events = [event for package in source_events.PACKAGES for event in expected(project, package)]
    assert project.value(f"select count() from {EVENTS}") == len(in_seconds(events, CUTOFF)) < len(events)
    # The sample has what it takes: times around the cutoff, users that are nobody, keys with several rows.
    assert {CUTOFF - 1, CUTOFF, CUTOFF + 1} <= {event[5] for event in events}
    assert {-1, 0, 1} <= {event[2] for event in events}
    compensation = "default.buzz_resource_compensation"
    assert project.value(f"select count() > uniqExact(date, modelVersionId) from {compensation}")

    stagings = project.rows("select name from system.tables where database = 'entity_metrics' and name like 'stg_%'")
    for (name,) in stagings:
        project.rows(f"insert into entity_metrics.{name} select * from entity_metrics.{name} limit 1")
        for column in ("reaction", "type"):
            if project.value(f"select hasColumnInTable('entity_metrics', '{name}', '{column}')"):
                unheard = f"* replace ('unheard' as {column})"
                project.rows(f"insert into entity_metrics.{name} select {unheard} from entity_metrics.{name} limit 1")
    for package in source_events.PACKAGES:
        model = f"entity_metrics.{package}"
        project.rows(f"create table {model}_twice engine = MergeTree order by tuple() as select * from {model}")
        project.rows(f"insert into {model}_twice select * from {model}")
        project.rows(f"drop view {model} sync")
        project.rows(f"rename table {model}_twice to {model}")
        project.rows(f"insert into {model} select * replace ('bogus' as metricType, 2 as version) from {model} limit 1")
    project.rows(
        f"insert into {EVENTS} select entity_type, 1, -1, metric_type, 1, toDateTime('2025-01-21 00:00:00'), 3"
        " from entity_metrics.metric_catalog"
    )
    broken = data_tests(project)
    # Legacy has no totals of a user's articles and bounties: there is nothing that they could be counted from, too.
    assert broken.that("pass") == {"counted_once_article", "counted_once_bounty"}
    assert broken.that("fail", "warn") == green & set(broken.statuses) - broken.that("pass") | set(warned)
    assert {name.split("_")[0] for name in broken.that("warn")} == {"report", "known", "bounty"}


def test_what_each_check_says(built: Project) -> None:
    """One thing is wrong in each package: the test that is for it names it, and no other fails."""
    assert data_tests(built, *FEW).that("fail", "error") == set()
    tag = built.value(f"select any(entityId) from {EVENTS} where entityType = 'Tag' and metricType = 'hiddenCount'{IN_JULY}")
    built.rows(f"alter table {EVENTS} delete in partition 202307 where entityType = 'Tag' and entityId = {tag}")
    # A row too many by somebody else; one too many in a staged table; two amounts that changed, so that their sum did not.
    built.rows(f"insert into {EVENTS} values ('User', 7, 7, 'tipsGivenCount', 1, '2023-01-01 00:00:00', 1)")
    contributors = "entity_metrics.stg_collection_contributor"
    collection = built.value(f"select min(collectionId) from {contributors} where permissions = ['VIEW']")
    built.rows(
        f"insert into {contributors} select * from {contributors}"
        f" where permissions = ['VIEW'] and collectionId = {collection} limit 1"
    )
    bounties = "metricType = 'unitAmount' and entityType = 'Bounty'"
    first, last = built.rows(f"select min(entityId), max(entityId) from {EVENTS} where {bounties}{IN_JULY}")[0]
    built.rows(
        f"alter table {EVENTS} update metricValue = metricValue + if(entityId = {first}, 1, -1) in partition 202307"
        f" where {bounties} and entityId in ({first}, {last})"
    )
    built.rows(f"insert into {EVENTS} values ('Article', 5, -1, 'tippedCount', 3, '2025-01-21 00:00:00', 3)")
    done = data_tests(built, *FEW)
    assert done.that("fail") == {
        "package_published_tag_engagement",
        "package_published_collection_contributor",
        "reconcile_collection_contributor",
        "package_published_bounty_benefactor",
        "package_published_buzz_tip",
        "counted_once_buzz_tip",
    }
    assert built.value(f"select sum(built_events - published_events) from {AUDIT}.package_published_tag_engagement") >= 1
    assert built.value(f"select sum(built_total - published_total) from {AUDIT}.package_published_bounty_benefactor") == 0
    assert built.rows(
        f"select metric_type, difference, sample_entity_ids from {AUDIT}.reconcile_collection_contributor"
        " where entities_that_differ > 0"
    ) == [("followerCount", -1, [collection])]
    assert ("User", "tipsGivenCount") in built.rows(
        f"select entity_type, metric_type from {AUDIT}.package_published_buzz_tip where published_events = built_events + 1"
    )
    assert built.rows(f"select entity_type, metric_type, metric_tables_events from {AUDIT}.counted_once_buzz_tip") == [
        ("Article", "tippedCount", 1)
    ]


def add_live_events(project: Project) -> list[tuple[object, ...]]:
    """Rows that no package may touch, alike in all but one thing and in months that are replaced. Returns them as they are."""
    project.rows(
        f"insert into {EVENTS} values"
        " ('Tag', 1, 7, 'followerCount', 1, '2023-07-15 12:00:00', 2),"
        " ('Tag', 1, 7, 'followerCount', 1, '2023-07-15 12:00:00', 3),"
        " ('Tag', 1, 7, 'followerCount', 1, '2023-07-15 12:00:00', 4),"
        " ('Tag', 1, 7, 'postCount', 1, '2023-07-15 12:00:00', 1),"
        " ('Model', 1, 7, 'viewCount', 2, '2024-08-07 15:44:39', 1),"
        " ('Bounty', 1, 7, 'favoriteCount', 1, '2024-02-01 00:00:00', 1),"
        " ('Bounty', 1, -1, 'liveOnly', 1, '2024-02-01 00:00:00', 3),"
        " ('User', 1, 7, 'tippedCount', 1, '2024-02-01 00:00:00', 2)"
    )
    return others(project)


def others(project: Project) -> list[tuple[object, ...]]:
    """All rows of the event table that are not of the few packages."""
    return project.rows(
        f"select * from {EVENTS} where version != 1 or metricType in ('postCount', 'viewCount', 'favoriteCount') order by all"
    )


def test_again_then_after_a_change_and_nothing_else_touched(built: Project) -> None:
    """Run again it leaves every part alone; after a change there is exactly the new state, and all other rows as before."""
    before = add_live_events(built)
    assert len(before) == 8
    built.release()  # an engine that opens the folder takes a part's time from the file system, not from its own clock
    state = "select database, table, name, modification_time from system.parts where active and table = 'entityMetricEvents_new'"
    parts = built.rows(f"{state} order by all")
    again = built.dbt_here("run", "--select", BUILT)
    assert "TagEngagement: published 379 events" in again.output
    assert built.rows(f"{state} order by all") == parts
    assert built.value("select count() from system.mutations where table = 'entityMetricEvents_new'") == 0
    built.postgres(
        """update "TagEngagement" set type = 'Hide' where type = 'Follow' and "tagId" % 3 = 0;
        delete from "TagEngagement" where "userId" % 5 = 0;
        insert into "BuzzTip" values ('Model', 1, 2, 3000, 40, '2023-07-15 12:00:00', '2023-07-15 12:00:00');
        update "BuzzTip" set amount = amount + 5 where "entityType" = 'Article' """
    )
    built.dbt_here("run", "--select", "+tag_engagement", "+buzz_tip")
    assert others(built) == before
    assert published_as_expected(built, *FEW)


def test_cutoff(built: Project) -> None:
    """To the millisecond, whatever the cutoff; the event model holds every row all the time."""
    tags = expected(built, "tag_engagement")
    assert len({len(in_seconds(tags, CUTOFF + n)) for n in (-1, 0, 1, 2)}) > 2

    def published(cutoff: str, before: int | None) -> bool:
        built.dbt_here("run", "--select", "tag_engagement", "--vars", f"{{source_events_cutoff: {cutoff}}}")
        return published_as_expected(built, "tag_engagement", before=before)

    assert published("'2024-08-07 15:44:39.045'", CUTOFF + 1)
    assert published("'2024-02-01'", 1706745600000)
    assert data_tests(built, "tag_engagement").that("fail") == {"package_published_tag_engagement"}
    assert published("null", None)
    refused = built.dbt_here("run", "--select", "tag_engagement", "--vars", "{source_events_cutoff: '2001-01-01'}", ok=False)
    assert "TagEngagement gives no events, but" in refused.errors[0] and "allow_empty_slice" in refused.errors[0]
    assert published_as_expected(built, "tag_engagement", before=None)


REACTIONS = ("article_reaction", "bounty_entry_reaction", "image_reaction")


def test_a_metric_of_three_packages(connected: Project) -> None:
    """User.reactionCount: each package publishes its own events beside the others', whichever runs, and however it ends."""
    selected = ["--select", *[f"+{package}" for package in REACTIONS]]
    connected.dbt_here("build", *selected, "--exclude-resource-type", "unit_test")
    assert published_as_expected(connected, *REACTIONS)
    # Another cutoff, one package after the other: the first is right beside the others' old slices.
    later = ["--vars", "{source_events_cutoff: '2024-10-01'}"]
    for package in reversed(REACTIONS):
        connected.dbt_here("build", "--select", package, "--exclude-resource-type", "unit_test", *later)
    assert published_as_expected(connected, *REACTIONS, before=1727740800000)
    # Stopped while a slice is made: the one before is whole, and the next package publishes it.
    connected.rows("create table entity_metrics.image_reaction__slice_new as entity_metrics.image_reaction__slice")
    connected.dbt_here("build", "--select", "article_reaction", "--exclude-resource-type", "unit_test", *later)
    assert published_as_expected(connected, *REACTIONS, before=1727740800000)
    # An empty source does not take its events away, though the others have some of its metric.
    connected.rows("truncate table entity_metrics.stg_article_reaction")
    refused = connected.dbt_here("run", "--select", "article_reaction", *later, ok=False)
    assert "ArticleReaction gives no events, but" in refused.errors[0]
    # An event of one of them that is lost is missed by the tests of all.
    owner = connected.value("select min(entityId) from entity_metrics.image_reaction where metricType = 'reactionCount'")
    connected.rows(
        f"alter table {EVENTS} delete where entityType = 'User' and metricType = 'reactionCount' and entityId = {owner}"
    )
    failed = data_tests(connected, *REACTIONS, variables="{source_events_cutoff: '2024-10-01'}").that("fail")
    assert failed >= {f"package_published_{package}" for package in REACTIONS}


def test_an_engine_that_merges_is_refused(built: Project) -> None:
    """Events may be alike in every key: two comments of one user in one second."""
    built.rows(f"drop table {EVENTS} sync")
    built.create_event_table("ReplacingMergeTree", order_by="entityType, entityId, metricType, userId, createdAt")
    refused = built.dbt_here("run", "--select", "tag_engagement", ok=False)
    assert "is a ReplacingMergeTree, which would merge events that are alike" in refused.errors[0]


def test_a_test_that_could_not_run_is_a_failure() -> None:
    """It is no verdict on its model, which is built and tested again."""
    lost = Failure("Connection lost.", transient=True)
    done = Outcome(
        failure=lost,
        failures={"reconcile_a": lost},
        succeeded={"stg_a", "a", "b"},
        skipped={"unique_b"},
        tested={"reconcile_a": "a", "unique_b": "b"},
        seconds={"stg_a": 1, "a": 1, "b": 1, "reconcile_a": 1},
    )
    assert done.finished == {"stg_a"}
    assert done.only("a", ["stg_a"]).failure == lost
    assert done.only("b", []).failure
    done.add(
        Outcome(succeeded={"a", "b"}, failed_tests=["reconcile_a"], seconds={"a": 1, "b": 1, "reconcile_a": 1, "unique_b": 1})
    )
    assert done.finished == {"stg_a", "a", "b"}
    assert done.only("a", ["stg_a"]).failure is None and done.only("a", []).failed_tests == ["reconcile_a"]


def test_counted_from(connected: Project) -> None:
    """Who was there first goes on counting; the var gives it to the other, which withdraws its own and says whose turn it is."""

    def bounty(version: int) -> set[str]:
        condition = f"entityType = 'Bounty' and version = {version}"
        return {name for (name,) in connected.rows(f"select distinct toString(metricType) from {EVENTS} where {condition}")}

    def variables(counted_from: str) -> str:
        return f"{{counted_from: {counted_from}, source_events_cutoff: '2023-02-01'}}"

    def run(model: str, counted_from: str, ok: bool = True) -> str:
        done = connected.dbt_here("run", "--select", model, "--vars", variables(counted_from), ok=ok)
        return done.output if ok else done.errors[0]

    def red(counted_from: str) -> set[str]:
        return data_tests(connected, "bounty_metrics", "bounty_benefactor", variables=variables(counted_from)).that("fail")

    run("+bounty_benefactor", "{}")
    shared = {"benefactorCount", "unitAmount"}
    rest = {"favoriteCount", "trackCount", "entryCount", "commentCount"}
    awards = connected.rows(f"select * from {EVENTS} where entityType = 'BountyEntry' order by all")
    assert "BountyMetric: left to source_events (see the var counted_from): " in run("+bounty_metrics", "{}")
    assert (bounty(1), bounty(3)) == (shared, rest)
    assert red("{}") == set()

    wanted = "{Bounty: metric_tables}"
    sentence = "of Bounty from source_events, though the var counted_from wants it from metric_tables: run bounty_benefactor"
    assert sentence in run("bounty_metrics", wanted, ok=False)
    assert (bounty(1), bounty(3)) == (shared, rest)
    assert "BountyBenefactor: left to metric_tables" in run("bounty_benefactor", wanted)
    assert (bounty(1), bounty(3)) == (set(), rest)
    run("bounty_metrics", wanted)
    assert (bounty(1), bounty(3)) == (set(), shared | rest)
    assert connected.rows(f"select * from {EVENTS} where entityType = 'BountyEntry' order by all") == awards != []
    assert red(wanted) == set()

    wanted = "{Bounty: source_events}"
    sentence = "of Bounty from metric_tables, though the var counted_from wants it from source_events: run bounty_metrics"
    assert sentence in run("bounty_benefactor", wanted, ok=False)
    assert (bounty(1), bounty(3)) == (set(), shared | rest)
    run("bounty_metrics", wanted)
    run("bounty_benefactor", wanted)
    # The var is for the whole entity type: the others are left to packages that have not been run here.
    assert (bounty(1), bounty(3)) == (shared, set())
    assert published_as_expected(connected, "bounty_benefactor", before=1675209600000)
    assert red(wanted) == set()


def test_both_jobs_on_an_empty_target(connected: Project) -> None:
    """In one run, and nothing wanted: the metric tables count, whatever the order in which the models are built."""
    project = connected
    project.dbt_here("run", "--select", "+bounty_benefactor", "+bounty_metrics", "+bounty_entry_metrics")
    counted = project.rows(f"select distinct toString(entityType), version from {EVENTS} where metricType = 'unitAmount'")
    assert sorted(counted) == [("Bounty", 3), ("BountyEntry", 3)]
    assert data_tests(project, "bounty_benefactor", "bounty_metrics", "bounty_entry_metrics").that("fail") == set()


def test_killed(built: Project) -> None:
    """In the middle of a pull, and between delete and attach: nothing else is touched, and the next run ends right."""
    before = add_live_events(built)
    published = events_in(built, EVENTS, TAGS)
    built.postgres("""update "TagEngagement" set type = 'Hide' where type = 'Follow' and "tagId" % 3 = 0""")
    statements = built.folder / "macros/events/publishing_statements.sql"
    attaching = "    {%- if plan.own and facts.attachable -%}"
    slow = "    {%- do statements.append('select sleep(3)') -%}\n"
    statements.write_text(statements.read_text().replace(attaching, slow + attaching))
    publish = built.folder / "macros/events/publish_slice.sql"
    call = "{% call statement('publish_slice') %}"
    publish.write_text(publish.read_text().replace(call, "{% do log(sql, info=true) %}" + call))
    run = ["run", "--select", "+tag_engagement", "--vars", "{range_size: 40}"]
    built.start(str(BIN / "dbt"), *run, until="stg_tag_engagement: range 3 of", then=Project.kill)
    assert events_in(built, EVENTS, TAGS) == published
    killed = built.start(str(BIN / "dbt"), *run, until="select sleep(3)", then=Project.kill)
    assert "resuming a pull" in killed.output
    assert len(events_in(built, EVENTS, TAGS)) < len(published) / 2
    assert others(built) == before
    # Without the change: what dbt_here runs was parsed before.
    built.dbt_here(*run)
    assert published_as_expected(built, *FEW)
    assert others(built) == before


def test_bad_input(built: Project) -> None:
    """A sentence for each source that does not fit, nothing lost, and what can be done is done."""
    published = events_in(built, EVENTS)
    built.postgres(
        """alter table "BuzzTip" alter amount type bigint;
        update "BuzzTip" set amount = 3000000000 where "fromUserId" = -1;
        alter table "BountyBenefactor" drop "awardedToId";
        drop table "TagEngagement";
        alter table "CollectionContributor" add column note text"""
    )
    done = built.dbt_here("run", "--select", BUILT, "+buzz_resource_compensation", "comment", ok=False)
    said = "\n".join(done.errors)
    failed = {"buzz_tip", "stg_bounty_benefactor", "stg_tag_engagement", "buzz_resource_compensation", "comment"}
    assert done.that("error") == failed
    assert done.that("skipped") == {"bounty_benefactor", "tag_engagement"}
    assert "amount 3000000000 does not fit the event table's Int32" in said
    assert "Source table BountyBenefactor lacks the column awardedToId" in said
    assert "Postgres has no table TagEngagement" in said
    assert "has no table `default`.`buzz_resource_compensation`: check the vars events_database" in said
    assert "`stg_comment`: pull it first, or with the package by `--select +comment`." in said
    assert events_in(built, EVENTS) == published

    # Values that nobody knows, and entities that are none: no events.
    built.postgres(
        """alter type "CollectionContributorPermission" add value 'OWN';
        update "BuzzTip" set amount = 30 where "fromUserId" = -1;
        alter table "BuzzTip" drop constraint "BuzzTip_pkey", alter "entityId" drop not null, alter "fromUserId" drop not null;
        update "BuzzTip" set "entityId" = null where "entityType" = 'Post';
        update "BuzzTip" set "fromUserId" = null where "entityType" = 'Image' """
    )
    built.postgres("""update "CollectionContributor" set permissions = '{OWN,NULL}' where "userId" % 2 = 0""")
    built.postgres("""update "CollectionContributor" set permissions = '{VIEW,NULL,OWN}' where "userId" % 5 = 0""")
    built.dbt_here("run", "--select", "+buzz_tip", "+collection_contributor")
    assert published_as_expected(built, "buzz_tip", "collection_contributor")
    assert events_in(built, EVENTS, "entityId = 0") == []


def test_malformed_vars(connected: Project) -> None:
    for variables, sentence in (
        ("{source_events_cutoff: yesterday}", "The var source_events_cutoff is 'yesterday': give a UTC time"),
        ("{source_events_cutoff: '2024-02-30'}", "The var source_events_cutoff is '2024-02-30': give a UTC time"),
        ("{source_events_cutoff: '2024-08-07 15:44:60'}", "The var source_events_cutoff is '2024-08-07 15:44:60': give a"),
        ("{unknown_time: never}", "The var unknown_time is 'never': give a UTC time"),
        ("{source_events_cutoff: ''}", "The var source_events_cutoff is '': give a UTC time"),
        ("{counted_from: {bounty: source_events}}", "The var counted_from has bounty, which no job counts: give one of Article,"),
        ("{counted_from: source_events}", "The var counted_from is 'source_events': give a mapping"),
        ("{counted_from: {Bounty: both}}", "The var counted_from has 'both' for Bounty: give metric_tables or source_events."),
    ):
        assert sentence in connected.dbt_here("run", "--select", "tag_engagement", "--vars", variables, ok=False).output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--package", "no_such_package"], "'no_such_package' is not one of 'article', 'article_reaction'"),
        (["--table", "TagMetric"], "--table goes with --job metric_tables, not with --job source_events"),
        (["--limit-batches", "0"], "0 is not in the range"),
        (["--concurrency", "0"], "0 is not in the range"),
    ],
)
def test_wrong_usage(arguments: list[str], sentence: str) -> None:
    ran = CliRunner().invoke(backfill.main, ["--job", JOB, *arguments])
    assert ran.exit_code == 2 and sentence in ran.output


def test_postgres_down(built: Project) -> None:
    published = events_in(built, EVENTS)
    built.server.stop()
    try:
        ran = built.backfill("--job", JOB, "--package", "tag_engagement", "--retries", "0", ok=False)
    finally:
        built.server.start()
    assert ran.code == 1
    assert "tag_engagement: Postgres is not reachable" in ran.output
    assert "Traceback" not in ran.output
    assert events_in(built, EVENTS) == published


def test_command_line(built: Project) -> None:
    """A run prints both kinds of totals and says which package differs; a trial changes nothing and says what would be."""
    packages = ["--package", "buzz_tip", "--package", "tag_engagement"]
    built.postgres("""delete from "TagEngagement" where "tagId" % 2 = 0; delete from "BuzzTip" where "entityType" = 'Image' """)
    ran = built.backfill("--job", JOB, *packages, ok=False)
    assert ran.code == 1
    lines = {tuple(line.split()[:2]): line.split()[2:] for line in ran.output.splitlines() if line.strip()}
    legacy = built.postgres("""select sum("tippedCount") from "ArticleMetric" where timeframe = 'AllTime'""")[0][0]
    assert lines["Article", "tippedCount"] == [str(legacy), str(legacy), "0", "0"]
    assert lines["Tag", "followerCount"][-1] != "0"
    assert "Metrics that differ from the legacy totals by definition:" in ran.output
    assert " ".join(lines["Model", "tippedCount"][4:]) == "the legacy total adds donations to the versions"
    tips = built.postgres("""select count(*) from "BuzzTip" """)[0][0]
    assert lines["buzz_tip", str(tips)][-1] == "reconciled"
    assert "tag_engagement: the test reconcile_tag_engagement failed" in ran.output
    assert "1 of 2 packages published into entity_metrics.entityMetricEvents_new and reconciled." in ran.output
    assert published_as_expected(built, "buzz_tip", "tag_engagement")

    everything = (
        "select database, table, name, hash_of_all_files from system.parts where active and database != 'system'"
        " and table not in ('metric_catalog', 'event_catalog') order by all"
    )
    before = built.rows(everything)
    there, total = built.rows(f"select count(), sum(metricValue) from {EVENTS} where metricType = 'tipsGivenAmount'")[0]
    trial = ["--dry-run", "--limit-batches", "1", "--batch-size", "100", "--cutoff", "2024-01-01", "--concurrency", "2"]
    tried = built.backfill("--job", JOB, *packages, *trial)
    assert built.rows(everything) == before
    assert re.search(r"stg_tag_engagement: range 1 of [3-9]", tried.output) and "range 2 of" not in tried.output
    assert re.search(rf"tipsGivenAmount +delete {there} events \(total {total:,}\), insert \d\d events \(total ", tried.output)
    assert "sample: entityType, entityId, userId, metricType, metricValue, createdAt, version" in tried.output
    assert "Trial: 2 of 2 packages would reconcile." in tried.output
