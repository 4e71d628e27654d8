"""The jobs as people run them."""

import pytest

from harness import EVENTS, Project


def test_one_table_alone_on_an_empty_target(connected: Project) -> None:
    """`dbt run --select bounty_metrics` does Bounty's whole job, and `dbt test` reconciles it."""
    connected.dbt("run", "--select", "bounty_metrics")
    assert connected.bounty_slice() == connected.bounty_source()
    assert connected.rows(f"select distinct version, userId, toString(createdAt) from {EVENTS}") == [
        (3, -1, "2025-01-21 00:00:00")
    ]
    tested = connected.dbt("test", "--select", "bounty_metrics")
    assert "PASS reconcile_bounty_metrics" in tested.output


def test_run_again_replaces_the_slice_and_nothing_else(connected: Project) -> None:
    """Run twice, after the source changed, and with another date: the table holds one slice, the newest."""
    connected.create_event_table()
    connected.add_live_events()
    before = connected.outside()
    connected.dbt("run", "--select", "bounty_metrics")
    first = connected.bounty_slice()
    connected.dbt("run", "--select", "bounty_metrics")
    assert connected.bounty_slice() == first

    connected.postgres("""update "BountyMetric" set "favoriteCount" = "favoriteCount" + 7 where "bountyId" % 3 = 0""")
    connected.postgres("""delete from "BountyMetric" where "bountyId" = 5""")
    connected.backfill("--table", "BountyMetric", "--date", "2025-03-31")
    assert connected.bounty_slice() == connected.bounty_source() != first
    slice_dates = connected.rows(
        f"select distinct toString(createdAt) from {EVENTS} where entityType = 'Bounty' and version = 3"
        " and userId = -1 and metricType = 'favoriteCount'"
    )
    assert slice_dates == [("2025-03-31 00:00:00",)]
    assert connected.outside() == before


def test_all_tables_by_the_command_line(connected: Project) -> None:
    """--all prints every metric's totals and ends with ten reconciled tables; then dbt build agrees, drift included."""
    ran = connected.backfill("--all")
    assert "10 of 10 tables published" in ran.output and "all 80 comparisons equal." in ran.output
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


def test_a_trial_on_an_empty_target(connected: Project) -> None:
    """Plain dbt can try, too: no event table is made, and its tests look at what would be published."""
    built = connected.dbt("build", "--select", "bounty_metrics", "--vars", "{dry_run: true}")
    assert "delete 0 events (total 0), insert" in built.output
    assert "PASS reconcile_bounty_metrics" in built.output
    assert connected.rows("select name from system.tables where name = 'entityMetricEvents_new'") == []


def test_zero_values_on_request(connected: Project) -> None:
    """include_zero_values writes an event for every count, and the totals still reconcile."""
    connected.dbt("build", "--select", "bounty_metrics", "--vars", "{include_zero_values: true}")
    entities = connected.postgres("""select count(*) from "BountyMetric" where timeframe = 'AllTime'""")[0][0]
    assert connected.value(f"select count() from {EVENTS}") == 6 * entities
