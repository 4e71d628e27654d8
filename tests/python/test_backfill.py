"""The command line over the jobs of the event table: options, summaries, trials, exit codes."""

import re

import pytest
from click.testing import CliRunner

from entity_metrics import backfill
from entity_metrics.dbt_runs import Outcome
from entity_metrics.explain import Failure
from harness import EVENTS, Project
from packages import events_in, published_as_expected

JOB = "source_events"
BUILT = "+buzz_tip +tag_engagement"


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
        " and table != 'metrics' order by all"
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


def test_all_tables_by_the_command_line(connected: Project) -> None:
    """--all prints every metric's totals and ends with ten reconciled tables; then dbt build agrees, drift included."""
    ran = connected.backfill("--all")
    assert "10 of 10 tables published into entity_metrics.entityMetricEvents_new and reconciled." in ran.output
    assert ran.output.index("BountyMetric: published") < ran.output.index("ImageMetric: published")
    totals = connected.rows(f"select entityType, count(distinct metricType) from {EVENTS} group by entityType")
    assert len(totals) == 10
    images = connected.postgres("""select sum("viewCount") from "ImageMetric" where timeframe = 'AllTime'""")[0][0]
    assert (
        connected.value(f"select sum(metricValue) from {EVENTS} where metricType = 'viewCount' and entityType = 'Image'")
        == images
    )

    connected.postgres("""update "TagMetric" set "postCount" = "postCount" + 1 where "tagId" in (1, 2, 3)""")
    connected.postgres("""insert into "TagMetric" ("tagId", timeframe) values (123456, 'AllTime')""")
    tested = connected.dbt("test", "--select", "tag_metrics")
    assert "WARN 4 drift_tag_metrics" in tested.output
    built = connected.dbt("build", "--select", "tag_metrics")
    assert "ERROR=0" in built.output and "WARN=0" in built.output


def fingerprint_of_everything(project: Project) -> list[tuple[object, ...]]:
    """Every part of every table, with the hash of its files."""
    return project.rows(
        "select database, table, name, hash_of_all_files from system.parts"
        " where active and database not in ('system') and table != 'metrics' order by all"
    )


@pytest.mark.parametrize("trial", [["--dry-run"], ["--limit-batches", "1", "--batch-size", "50"]])
def test_a_trial_changes_nothing(connected: Project, trial: list[str]) -> None:
    """A trial says what it would delete and insert, with five sample rows, and leaves every table as it was."""
    connected.dbt("run", "--select", "bounty_metrics")
    connected.postgres("""update "BountyMetric" set "favoriteCount" = 3""")
    before = fingerprint_of_everything(connected)
    ran = connected.backfill("--table", "BountyMetric", *trial)
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
    assert "DIFFERS" in ran.output and "0 of 1 tables published" in ran.output
