"""The packages of source events: what they publish against Postgres's own computation, and every check seen red."""

import re

import pytest

from harness import EVENTS, Project
from packages import CUTOFF, FROM_SOURCES, PACKAGES, data_tests, events_in, expected, in_seconds, published_as_expected

JOB = "source_events"
AUDIT = "entity_metrics_dbt_test__audit"
FEW = ("bounty_benefactor", "buzz_tip", "collection_contributor", "donation", "tag_engagement")
BUILT = " ".join(f"+{package}" for package in FEW)
"""Each alone on a target that has nothing else."""
VARS = FROM_SOURCES

IN_JULY = " and _partition_id = '202307'"


def test_all_packages_then_every_check_of_each_seen_red(connected: Project) -> None:
    """Built and published on an empty target as Postgres would have it, row by row; then all of it is broken at once."""
    project = connected
    project.load_clickhouse()
    ran = project.dbt("build", "--select", JOB, "event_table", "--vars", FROM_SOURCES)
    green = set(re.findall(r" PASS (\w+)", ran.output))
    warned = {name: int(rows) for rows, name in re.findall(r" WARN (\d+) (\w+)", ran.output)}
    assert set(warned) == {
        *("known_entity_types_buzz_tip", "bounty_without_author", "bounty_entry_without_author"),
        *("image_resource_new_has_image", "image_resource_new_has_model_version"),
    }
    assert warned["known_entity_types_buzz_tip"] == 1
    assert warned["bounty_without_author"] == project.postgres("""select count(*) from "Bounty" where "userId" is null""")[0][0]
    assert published_as_expected(project, *PACKAGES)
    events = [event for package in PACKAGES for event in expected(project, package)]
    assert project.value(f"select count() from {EVENTS}") == len(in_seconds(events, CUTOFF)) < len(events)
    # The sample has what it takes: times around the cutoff, users that are nobody, keys with several rows.
    assert {CUTOFF - 1, CUTOFF, CUTOFF + 1} <= {event[5] for event in events}
    assert {-1, 0, 1} <= {event[2] for event in events}
    compensation = "default.buzz_resource_compensation"
    assert project.value(f"select count() > uniqExact(date, modelVersionId) from {compensation}")

    for parent in ("article", "bounty_entry", "donation_goal", "image", "model_version", "thread"):
        project.rows(f"alter table entity_metrics.stg_{parent} delete where id % 2 = 0")
    stagings = project.rows("select name from system.tables where database = 'entity_metrics' and name like 'stg_%'")
    for (name,) in stagings:
        project.rows(f"insert into entity_metrics.{name} select * from entity_metrics.{name} limit 1")
        for column in ("reaction", "type"):
            if project.value(f"select hasColumnInTable('entity_metrics', '{name}', '{column}')"):
                unheard = f"* replace ('unheard' as {column})"
                project.rows(f"insert into entity_metrics.{name} select {unheard} from entity_metrics.{name} limit 1")
    for package in PACKAGES:
        model = f"entity_metrics.{package}_events"
        project.rows(f"insert into {model} select * from {model}")
        project.rows(f"insert into {model} select * replace ('bogus' as metricType, 2 as version) from {model} limit 1")
    project.rows(
        f"insert into {EVENTS} select entity_type, 1, -1, legacy_metric, 1, toDateTime('2025-01-21 00:00:00'), 3"
        " from entity_metrics.metrics where legacy_metric != ''"
    )
    project.rows(f"insert into {EVENTS} values ('Bounty', 1, 1, 'unheard', 1, '2023-01-01 00:00:00', 1)")
    # Half of the packages differ from the legacy totals by definition; without any rows there is nothing to compare with.
    emptied = {"ArticleMetric", "BountyEntryMetric", "ImageMetric", "ModelMetric", "UserMetric"}
    for table in emptied:
        project.postgres(f"""delete from "{table}" where timeframe = 'AllTime' """)
    broken = data_tests(project, JOB, "event_table")
    unbroken = {"names_all_publish_nodes_named_events_"}
    red = broken.that("fail", "warn")
    assert red == (green & set(broken.statuses) - unbroken) | set(warned)
    assert broken.that("pass") == unbroken
    problems = {
        (package, problem)
        for package in PACKAGES
        if f"reconcile_{package}" in broken.statuses
        for (problem,) in project.rows(f"select distinct problem from {AUDIT}.reconcile_{package} where problem != ''")
    }
    assert {name for name, problem in problems if problem == "entities differ"} == {
        "bounty_benefactor", "bounty_engagement", "bounty_entry", "collection_contributor", "collection_item", "comment_v2",
        "donation", "image_reaction", "resource_review", "tag_engagement",
    }  # fmt: skip
    assert {problem.split()[4] for _, problem in problems if problem.startswith("nothing to compare with: ")} == emptied


def test_what_each_check_says(built: Project) -> None:
    """One thing is wrong in each package: the test that is for it names it, and no other fails."""
    assert data_tests(built, *FEW).that("fail", "error") == set()
    tag = built.value(f"select any(entityId) from {EVENTS} where entityType = 'Tag' and metricType = 'hiddenCount'{IN_JULY}")
    built.rows(f"alter table {EVENTS} delete in partition 202307 where entityType = 'Tag' and entityId = {tag}")
    # A row too many by somebody else; one too many in an event model; two amounts that changed, so that their sum did not.
    built.rows(f"insert into {EVENTS} values ('User', 7, 7, 'tipsGivenCount', 1, '2023-01-01 00:00:00', 1)")
    contributors = "entity_metrics.collection_contributor_events"
    total = """select min("collectionId") from "CollectionMetric" where timeframe = 'AllTime' and "followerCount" > 0"""
    collection = built.postgres(total)[0][0]
    one = f"metricType = 'followerCount' and entityId = {collection} limit 1"
    built.rows(f"insert into {contributors} select * from {contributors} where {one}")
    given = """select min("modelVersionId") from "ModelVersionMetric" where timeframe = 'AllTime' and "tippedAmountCount" > 0"""
    version = built.postgres(given)[0][0]
    built.postgres(
        f"""update "ModelVersionMetric" set "tippedAmountCount" = "tippedAmountCount" - 5 where "modelVersionId" = {version}"""
    )
    bounties = "metricType = 'unitAmount' and entityType = 'Bounty'"
    once = f"select entityId from {EVENTS} where {bounties}{IN_JULY} group by entityId having count() = 1"
    first, last = built.rows(f"select min(entityId), max(entityId) from ({once})")[0]
    built.rows(
        f"alter table {EVENTS} update metricValue = metricValue + if(entityId = {first}, 1, -1) in partition 202307"
        f" where {bounties} and entityId in ({first}, {last})"
    )
    done = data_tests(built, *FEW)
    assert done.that("fail") == {
        "published_tag_engagement",
        "published_collection_contributor",
        "reconcile_collection_contributor",
        "reconcile_donation",
        "published_bounty_benefactor",
        "published_buzz_tip",
    }
    assert built.value(f"select sum(built_events - published_events) from {AUDIT}.published_tag_engagement") >= 1
    assert built.value(f"select sum(built_total - published_total) from {AUDIT}.published_bounty_benefactor") == 0
    for package, differs in (
        ("collection_contributor", ("followerCount", -1, 1, [collection], "entities differ")),
        ("donation", ("tippedAmount", -5, 1, [version], "entities differ")),
    ):
        said = "select quantity, difference, entities_compared - entities_equal, sample_entity_ids, problem"
        assert built.rows(f"{said} from {AUDIT}.reconcile_{package} where entities_that_differ > 0") == [differs]
    assert built.rows(
        f"select entity_type, metric_type from {AUDIT}.published_buzz_tip where published_events = built_events + 1"
    ) == [("User", "tipsGivenCount")]


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
    again = built.dbt_here("run", "--select", BUILT, "--vars", VARS)
    assert "tag_engagement: published 440 events" in again.output
    assert not re.search("(delete from|alter table|insert into) `entity_metrics`.`entityMetricEvents_new`", again.output)
    assert built.value("select count() from system.mutations where table = 'entityMetricEvents_new'") == 0
    built.postgres(
        """update "TagEngagement" set type = 'Hide' where type = 'Follow' and "tagId" % 3 = 0;
        delete from "TagEngagement" where "userId" % 5 = 0;
        insert into "BuzzTip" values ('Model', 1, 2, 3000, 40, '2023-07-15 12:00:00', '2023-07-15 12:00:00'),
            (E'O''Bri\\\\en', 1, 2, 3000, 40, '2023-07-15 12:00:00', '2023-07-15 12:00:00');
        update "BuzzTip" set amount = amount + 5 where "entityType" = 'Article' """
    )
    stopped = built.dbt_here("run", "--select", "+tag_engagement", "+buzz_tip", "--vars", VARS, ok=False)
    assert stopped.that("error") == {"tag_engagement"}  # a fifth of the tags is gone: see test_shrunk_sources.py
    built.dbt_here("run", "--select", "tag_engagement", "--vars", f"{VARS[:-1]}, max_removed_share: 0.3}}")
    assert others(built) == before
    assert published_as_expected(built, *FEW)
    logged = "select events_after, total_after from entity_metrics.publish_log where model = 'buzz_tip' and entity_type like 'O%'"
    assert sorted(built.rows(logged)) == [(1, 1), (1, 40)]


def test_cutoff(built: Project) -> None:
    """To the millisecond, whatever the cutoff; the event model holds every row all the time."""
    tags = expected(built, "tag_engagement")
    assert len({len(in_seconds(tags, CUTOFF + n)) for n in (-1, 0, 1, 2)}) > 2

    def run(cutoff: str, share: str = "1", ok: bool = True) -> str:
        variables = f"{VARS[:-1]}, source_events_cutoff: {cutoff}, max_removed_share: {share}}}"
        selected = ["--select", "tag_engagement_events", "tag_engagement"]
        return "".join(built.dbt_here("run", *selected, "--vars", variables, ok=ok).errors)

    for cutoff, before in (("'2024-08-07 15:44:39.045'", CUTOFF + 1), ("'2024-02-01'", 1706745600000), ("null", None)):
        run(cutoff)
        assert published_as_expected(built, "tag_engagement", before=before)
    assert data_tests(built, "tag_engagement").that("fail") == set()  # of what was built with that cutoff, all is there
    refused = run("'2001-01-01'", share="0.1", ok=False)
    assert f"would go from {len(tags)} to 0 rows" in refused and "max_removed_share: 1" in refused
    assert events_in(built, EVENTS, "entityType = 'Tag'") == in_seconds(tags)


def test_an_engine_that_merges_is_refused(built: Project) -> None:
    """Events may be alike in every key: two comments of one user in one second. And one from which nothing can be deleted."""
    built.rows(f"drop table {EVENTS} sync")
    built.create_event_table("ReplacingMergeTree", order_by="entityType, entityId, metricType, userId, createdAt")
    run = ["run", "--select", "tag_engagement", "--vars", VARS]
    assert "is a ReplacingMergeTree, which would merge events that are alike" in built.dbt_here(*run, ok=False).errors[0]
    built.rows(f"create table entity_metrics.logged engine = Log as select * from {EVENTS}")
    run[-1] = f"{VARS[:-1]}, event_table: logged}}"
    assert "is a Log, from which a slice cannot be deleted" in built.dbt_here(*run, ok=False).errors[0]


@pytest.fixture
def published(built: Project) -> list[tuple[object, ...]]:
    return events_in(built, EVENTS)


def test_bad_input(built: Project, published: list[tuple[object, ...]]) -> None:
    """A sentence for each source that does not fit, nothing lost, and what can be done is done."""
    built.postgres(
        """alter table "BuzzTip" alter amount type bigint;
        update "BuzzTip" set amount = 3000000000 where "fromUserId" = -1;
        alter table "BountyBenefactor" drop "awardedToId";
        drop table "TagEngagement";
        alter table "CollectionContributor" add column note text"""
    )
    selected = ["--select", *BUILT.split(), "+buzz_resource_compensation", "comment_events", "comment"]
    done = built.dbt_here("run", *selected, "--vars", VARS, ok=False)
    said = "\n".join(done.errors)
    failed = {
        "buzz_tip_events",
        "stg_bounty_benefactor",
        "stg_tag_engagement",
        "buzz_resource_compensation_events",
        "comment_events",
    }
    assert done.that("error") == failed
    skipped = {"buzz_tip", "bounty_benefactor", "tag_engagement", "buzz_resource_compensation", "comment"}
    assert done.that("skipped") == skipped | {"bounty_benefactor_events", "tag_engagement_events"}
    assert "amount 3000000000 does not fit the event table" in said
    assert "Source table BountyBenefactor lacks the column awardedToId" in said
    assert "Postgres has no table TagEngagement" in said
    assert "has no table `default`.`buzz_resource_compensation`: check the vars events_database" in said
    assert "`stg_comment`: pull it first, or with the package by `--select +comment_events`." in said
    alone = built.dbt_here("run", "--select", "comment", "--vars", VARS, ok=False).errors[0]
    assert "comment_events` to publish: build it first, as by `dbt build --select comment_events comment`" in alone
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
    allowed = f"{VARS[:-1]}, max_removed_share: 1}}"
    built.dbt_here("run", "--select", "+buzz_tip", "+collection_contributor", "--vars", allowed)
    assert published_as_expected(built, "buzz_tip", "collection_contributor")
    assert events_in(built, EVENTS, "entityId = 0") == []
