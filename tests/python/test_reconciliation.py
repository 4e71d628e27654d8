"""Every reconciliation test is seen red: data or mapping are broken on purpose, and the right test says what is wrong."""

from harness import EVENTS, Nodes, Project
from packages import FROM_SOURCES, data_tests

JOB = "source_events"
BUILT = "bounty_metrics +bounty_benefactor +tag_engagement"
VARS = "{counted_from: {Tag: source_events, BountyEntry: source_events}}"
MODEL = "entity_metrics.bounty_metric_events"
AUDIT = "entity_metrics_dbt_test__audit"
TABLE = {"matches_registry_bounty_metrics", "published_bounty_metrics", "reconcile_bounty_metrics"}
"""And drift_bounty_metrics: see test_drift.py."""


def reconciled(project: Project, name: str, columns: str) -> dict[str, tuple[object, ...]]:
    """What a reconciliation stored, by entity type and quantity."""
    stored = f"select entity_type || '.' || quantity, {columns} from {AUDIT}.reconcile_{name} order by all"
    return {quantity: rest for quantity, *rest in (tuple(row) for row in project.rows(stored))}  # type: ignore[misc]


def test_what_is_built_is_broken(built: Project) -> None:
    """Six quantities are broken in six ways at once: each is named with its kind, its difference and where to look."""
    green = data_tests(built, "bounty_metrics", variables=VARS)
    assert green.that("pass") == TABLE | {"drift_bounty_metrics"}
    columns = "difference, entities_compared, entities_equal, coverage, problem"
    stored = reconciled(built, "bounty_metrics", columns)
    assert len(stored) == 6 and all(row[0] == 0 and row[1] == row[2] > 0 and row[3:] == [1.0, ""] for row in stored.values())

    of = {
        metric: built.rows(f"select entityId, metricValue from {MODEL} where metricType = '{metric}' order by all")
        for metric in ("favoriteCount", "trackCount", "entryCount", "benefactorCount", "unitAmount", "commentCount")
    }

    def alter(what: str, metric: str, entities: list[int]) -> None:
        built.rows(f"alter table {MODEL} {what} where metricType = '{metric}' and entityId in {entities}")

    first, second = (dict.fromkeys(row[0] for row in of["unitAmount"][:2]), of["unitAmount"][:2])
    (one, one_amount), (other, other_amount) = second
    alter("delete", "favoriteCount", [of["favoriteCount"][0][0]])
    alter("update metricValue = metricValue + 1", "trackCount", [of["trackCount"][0][0]])
    # Two wrongs that add up: the totals agree, the entities do not.
    alter(f"update metricValue = if(entityId = {one}, {one_amount + 5}, {other_amount - 5})", "unitAmount", list(first))
    # One count in two events, and a row that is not the job's.
    split = of["benefactorCount"][-1]
    built.rows(
        f"insert into {MODEL} values"
        f" ('Bounty', {split[0]}, -1, 'benefactorCount', 1, '2025-01-21 00:00:00', 3),"
        f" ('Bounty', {split[0]}, -1, 'benefactorCount', -1, '2025-01-21 00:00:00', 3),"
        " ('Bounty', 1, 5, 'bogus', 1, '2025-01-21 00:00:00', 3),"
        " ('Bounty', 1, -1, 'bogus', 1, '2025-01-21 00:00:00', 2)"
    )
    built.rows("insert into entity_metrics.stg_bounty_metrics select * from entity_metrics.stg_bounty_metrics limit 1")
    assert data_tests(built, "bounty_metrics", variables=VARS).that("fail") == TABLE
    # The doubled staged row is in all of them; without it:
    built.rows("alter table entity_metrics.stg_bounty_metrics delete where true")
    built.dbt_here("run", "--select", "stg_bounty_metrics")
    assert data_tests(built, "reconcile_bounty_metrics").that("fail") == {"reconcile_bounty_metrics"}
    stored = reconciled(built, "bounty_metrics", "difference, entities_that_differ, sample_entity_ids, problem")
    assert stored["Bounty.favoriteCount"] == [of["favoriteCount"][0][1], 1, [of["favoriteCount"][0][0]], "entities differ"]
    assert stored["Bounty.trackCount"] == [-1, 1, [of["trackCount"][0][0]], "entities differ"]
    assert stored["Bounty.unitAmount"] == [0, 2, [one, other], "entities differ"]
    assert stored["Bounty.benefactorCount"] == [0, 0, [split[0]], "entities have several events"]
    assert stored["Bounty.entryCount"] == stored["Bounty.commentCount"] == [0, 0, [], ""]
    problems = set(built.rows(f"select problem, metric_type from {AUDIT}.matches_registry_bounty_metrics"))
    assert problems == {
        ("built by the model, but not in seeds/metrics.csv", "bogus"),
        ("with a version, userId or time that the job does not write", "bogus"),
    }
    dated = data_tests(built, "matches_registry_bounty_metrics", variables="{backfill_date: 2025-01-22}")
    assert dated.that("fail") and built.value(f"select count() from {AUDIT}.matches_registry_bounty_metrics") > 6


def test_what_is_published_is_broken(built: Project) -> None:
    """In the event table an event is missing, changed, there twice; or two are changed so that they add up."""
    rows = {
        metric: built.rows(f"select entityId from {EVENTS} where metricType = '{metric}' and version = 3 order by all limit 2")
        for metric in ("favoriteCount", "trackCount", "entryCount", "unitAmount")
    }

    def slice_of(metric: str, row: int = 0) -> str:
        return f"entityType = 'Bounty' and version = 3 and metricType = '{metric}' and entityId = {rows[metric][row][0]}"

    built.rows(f"alter table {EVENTS} delete where {slice_of('favoriteCount')}")
    built.rows(f"alter table {EVENTS} update metricValue = metricValue + 2 where {slice_of('trackCount')}")
    built.rows(f"insert into {EVENTS} select * from {EVENTS} where {slice_of('entryCount')}")
    built.rows(f"alter table {EVENTS} update metricValue = metricValue + 5 where {slice_of('unitAmount')}")
    built.rows(f"alter table {EVENTS} update metricValue = metricValue - 5 where {slice_of('unitAmount', 1)}")
    assert data_tests(built, "bounty_metrics", variables=VARS).that("fail") == {"published_bounty_metrics"}
    columns = "metric_type, toInt64(published_events) - toInt64(built_events), sign(published_total - built_total)"
    assert set(built.rows(f"select {columns} from {AUDIT}.published_bounty_metrics")) == {
        ("favoriteCount", -1, -1), ("trackCount", 0, 1), ("entryCount", 1, 1), ("unitAmount", 0, 0),
    }  # fmt: skip


def test_a_comparison_of_nothing_fails(built: Project) -> None:
    """An emptied legacy table, one without AllTime rows: it says why, nothing is published, and the slices stay."""
    before = built.rows(f"select * from {EVENTS} order by all")
    built.postgres("""delete from "BountyMetric" where timeframe = 'AllTime'; truncate "TagMetric" """)
    nodes = ["stg_bounty_metrics", "bounty_metric_events", "bounty_metrics", "bounty_benefactor_events", "bounty_benefactor"]
    build = ["build", "--exclude-resource-type", "unit_test", "--vars", VARS, "--select"]
    red = built.dbt_here(*build, *nodes, "tag_engagement_events", "tag_engagement", ok=False)
    tests = {"reconcile_bounty_metrics", "reconcile_bounty_benefactor", "reconcile_tag_engagement"}
    assert red.that("fail") == tests and red.that("error") == set()
    assert red.that("skipped") >= {"bounty_metrics", "bounty_benefactor", "tag_engagement"}
    for name, reason in (
        ("bounty_metrics", "the staged table has no rows"),
        ("bounty_benefactor", "BountyMetric has no AllTime rows"),
        ("tag_engagement", "TagMetric has no AllTime rows"),
    ):
        stored = reconciled(built, name, "entities_compared, problem")
        assert any(row[0] == 0 and row[1].startswith(f"nothing to compare with: {reason}") for row in stored.values()), name
    assert built.rows(f"select * from {EVENTS} order by all") == before != []


def swap(project: Project, model: str, before: str, one: str, other: str) -> None:
    """Give each of two metrics the other's name. before: what is before a name in the model."""
    file = project.folder / "models" / model
    text = file.read_text()
    for name, new in ((one, "?"), (other, one), ("?", other)):
        assert f"{before}'{name}'" in text
        text = text.replace(f"{before}'{name}'", f"{before}'{new}'")
    file.write_text(text)


def failed(ran_output: str) -> set[str]:
    return {line.split("FAIL ")[1].split()[1] for line in ran_output.splitlines() if " FAIL " in line}


def test_a_wrong_mapping_is_never_seen(built: Project) -> None:
    """Two names are swapped in a metric table's model, and in a package's: both are refused, and readers see the old slices."""
    parts = "select name, modification_time from system.parts where active and table = 'entityMetricEvents_new' order by all"
    built.release()
    before = built.rows(parts)
    swap(built, "bounty_metrics/bounty_metric_events.sql", "Count': ", "entryCount", "benefactorCount")
    swap(built, "source_events/bounty_benefactor_events.sql", "metric_type': ", "benefactorCount", "unitAmount")
    build = ["build", "--select", "+bounty_metrics", "+bounty_benefactor", "--exclude-resource-type", "unit_test"]
    ran = built.dbt(*build, ok=False)
    assert failed(ran.output) == {
        *("reconcile_bounty_metrics", "matches_registry_bounty_metrics"),
        *("reconcile_bounty_benefactor", "matches_registry_bounty_benefactor"),
    }
    assert ran.output.count("SKIP relation entity_metrics.bounty_") == 2
    assert built.rows(parts) == before != []
    assert set(built.rows(f"select problem, metric_type from {AUDIT}.matches_registry_bounty_metrics")) == {
        ("mapped from another column than in seeds/metrics.csv", "entryCount"),
        ("mapped from another column than in seeds/metrics.csv", "benefactorCount"),
    }


def tags(project: Project, change: str) -> tuple[Nodes, dict[str, tuple[object, ...]]]:
    """Change the site's rows, build the package's model anew and reconcile it. Returns the run, and what it stored."""
    project.postgres(change)
    build = ["build", "--select", "stg_tag_engagement", "tag_engagement_events", "--exclude-resource-type", "unit_test"]
    done = project.dbt_here(*build, "--vars", FROM_SOURCES, ok=None)
    columns = "entities_overcounted, entities_newer, entities_that_differ, problem, sample_entity_ids"
    return done, reconciled(project, "tag_engagement", columns)


def test_a_live_site(built: Project) -> None:
    """What was removed since the legacy total was made, and what is newer than it, have classes of their own: neither fails."""
    followed = """select "tagId" from "TagEngagement" where type = 'Follow' and "createdAt" < '2024-01-01' order by 1"""
    gone, newer = (row[0] for row in (built.postgres(followed)[0], built.postgres(followed)[-1]))
    someone = f"""select max(id) from "User" where id not in (select "userId" from "TagEngagement" where "tagId" = {newer})"""
    user = built.postgres(someone)[0][0]
    done, stored = tags(
        built,
        f"""delete from "TagEngagement" where type = 'Follow' and "tagId" = {gone};
        insert into "TagEngagement" ("userId", "tagId", type, "createdAt")
        values ({user}, {newer}, 'Follow', now() at time zone 'utc')""",
    )
    assert done.that("fail") == set()
    assert stored == {"Tag.followerCount": [1, 1, 0, "", [gone]], "Tag.hiddenCount": [0, 0, 0, "", []]}

    # An old row that legacy does not have is a difference, as nothing explains it.
    done, stored = tags(
        built, f"""update "TagEngagement" set "createdAt" = '2023-03-03' where "userId" = {user} and "tagId" = {newer}"""
    )
    assert done.that("fail") == {"reconcile_tag_engagement"}
    assert stored["Tag.followerCount"] == [1, 0, 1, "entities differ", sorted([gone, newer])]

    # Where much was removed, or all of a quantity is missing, it is no over-count that explains it.
    done, stored = tags(
        built, """delete from "TagEngagement" where type = 'Hide' or "tagId" % 5 = 0 or "createdAt" = '2023-03-03'"""
    )
    assert done.that("fail") == {"reconcile_tag_engagement"}
    assert {row[3] for row in stored.values()} == {"too few entities are equal (see the var min_coverage)"}
    assert all(row[2] == 0 for row in stored.values())
