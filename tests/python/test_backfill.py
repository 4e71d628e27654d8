"""The command line over the jobs of the event table: options, summaries, trials, exit codes."""

import re

from entity_metrics.dbt_runs import Outcome
from entity_metrics.errors import EntityMetricsError
from harness import EVENTS, Project
from packages import FROM_SOURCES, events_in, published_as_expected

JOB = "source_events"
BUILT = "+buzz_tip +tag_engagement"
VARS = FROM_SOURCES


def test_a_test_that_could_not_run_is_a_failure() -> None:
    """It is no verdict on its model, which is built and tested again."""
    lost = EntityMetricsError("Connection lost.", transient=True)
    done = Outcome(
        failure=lost,
        failures={"reconcile_a": lost},
        succeeded={"stg_a", "a", "b"},
        skipped={"unique_b"},
        tested={"reconcile_a": "a", "unique_b": "b"},
        seconds={"stg_a": 1, "a": 1, "b": 1, "reconcile_a": 1},
    )
    assert done.finished == {"stg_a"}
    assert done.only(["stg_a", "a"]).failure == lost
    assert done.only(["b"]).failure
    done.add(
        Outcome(succeeded={"a", "b"}, failed_tests=["reconcile_a"], seconds={"a": 1, "b": 1, "reconcile_a": 1, "unique_b": 1})
    )
    assert done.finished == {"stg_a", "a", "b"}
    assert done.only(["stg_a", "a"]).failure is None and done.only(["a"]).failed_tests == ["reconcile_a"]


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


def test_packages(built: Project) -> None:
    """A run prints both kinds of totals and says which package differs; a trial changes nothing and says what would be."""
    packages = ["--package", "buzz_tip", "--package", "tag_engagement", "--counted-from", "*=source_events"]
    tags = events_in(built, EVENTS, "entityType = 'Tag'")
    built.postgres(
        """delete from "TagEngagement" where "tagId" % 2 = 0;
        delete from "BuzzTip" where "entityType" = 'Image' and "entityId" % 4 = 0"""
    )
    ran = built.backfill("--job", JOB, *packages, ok=False)
    assert ran.code == 1
    said = " ".join(ran.output.split())
    assert "1 failed: tag_engagement" in said, ran.output
    assert "Quantities that differ from the legacy totals by definition:" in said
    assert "the legacy total adds donations to the versions" in said
    assert "tag_engagement: the test reconcile_tag_engagement failed" in said
    assert "1 of 2 packages published" in said and "1 failed: tag_engagement" in said
    assert published_as_expected(built, "buzz_tip")
    assert events_in(built, EVENTS, "entityType = 'Tag'") == tags != []

    before = fingerprint_of_everything(built)
    there, total = built.rows(f"select count(), sum(metricValue) from {EVENTS} where metricType = 'tipsGivenAmount'")[0]
    trial = ["--dry-run", "--limit-batches", "1", "--batch-size", "100", "--cutoff", "2024-01-01", "--concurrency", "2"]
    tried = built.backfill("--job", JOB, *packages, *trial)
    assert fingerprint_of_everything(built) == before
    assert re.search(r"stg_tag_engagement: range 1 of [3-9]", tried.output) and "range 2 of" not in tried.output
    assert re.search(rf"tipsGivenAmount +delete {there} events \(total {total:,}\), insert \d\d events \(total ", tried.output)
    assert "sample: entityType, entityId, userId, metricType, metricValue, createdAt, version" in tried.output
    assert "Trial: 2 of 2 packages would publish" in " ".join(tried.output.split())


def test_all_tables(connected: Project) -> None:
    """--all prints every metric's totals and ends with ten reconciled tables."""
    ran = connected.backfill("--all")
    assert "10 of 10 tables published" in ran.output
    totals = connected.rows(f"select entityType, count(distinct metricType) from {EVENTS} group by entityType")
    assert len(totals) == 10
    images = connected.postgres("""select sum("viewCount") from "ImageMetric" where timeframe = 'AllTime'""")[0][0]
    views = f"select sum(metricValue) from {EVENTS} where metricType = 'viewCount' and entityType = 'Image'"
    assert connected.value(views) == images


def fingerprint_of_everything(project: Project) -> list[tuple[object, ...]]:
    """Every part of every table, with the hash of its files."""
    return project.rows(
        "select database, table, name, hash_of_all_files from system.parts"
        " where active and database not in ('system') and table not in ('metrics', 'engagement_weights') order by all"
    )


def test_a_trial_changes_nothing(connected: Project) -> None:
    """A trial says what it would delete and insert, with five sample rows, and leaves every table as it was."""
    connected.dbt("run", "--select", "bounty_metrics")
    connected.postgres("""update "BountyMetric" set "favoriteCount" = 3""")
    before = fingerprint_of_everything(connected)
    ran = connected.backfill("--table", "BountyMetric", "--limit-batches", "1", "--batch-size", "50")
    old = connected.value(f"select count() from {EVENTS} where metricType = 'favoriteCount'")
    assert f"delete {old} events" in ran.output
    assert "sample: entityType, entityId, userId, metricType, metricValue, createdAt, version" in ran.output
    assert ran.output.count("          Bounty, ") == 5
    assert "was not touched" in ran.output
    assert fingerprint_of_everything(connected) == before
    assert connected.rows("select name from system.databases where name like '%trial%'") == []


def test_a_wrong_mapping(connected: Project) -> None:
    """A mapping that is wrong in the model is found by the catalog: exit code 1, the table, the metric, the test."""
    model = connected.folder / "models/bounty_metrics/bounty_metric_events.sql"
    model.write_text(
        model.read_text()
        .replace("'entryCount': 'entryCount'", "'entryCount': 'benefactorCount'")
        .replace("'benefactorCount': 'benefactorCount'", "'benefactorCount': 'entryCount'")
    )
    ran = connected.backfill("--table", "BountyMetric", ok=False)
    assert ran.code == 1
    assert "BountyMetric: the test reconcile_bounty_metrics failed" in ran.output
    assert "Bounty.entryCount: entities differ" in ran.output and "1 failed: BountyMetric" in ran.output
