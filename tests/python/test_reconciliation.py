"""Every reconciliation test is seen red: the data is broken on purpose, and the right test names what is wrong."""

import pytest

from harness import EVENTS, Project

MODEL = "entity_metrics.bounty_metrics"
AUDIT = "entity_metrics_dbt_test__audit"


def failed_tests(project: Project, *options: str) -> set[str]:
    """Run Bounty's tests. Returns the names of those that failed, without the model's."""
    output = project.dbt("test", "--select", "bounty_metrics,test_type:data", *options, ok=None).output
    assert "Database Error" not in output and "Compilation Error" not in output, output
    failed = {line.split("FAIL ")[1].split()[1] for line in output.splitlines() if " FAIL " in line}
    return {name.removesuffix("_stg_bounty_metrics").removesuffix("_bounty_metrics") for name in failed}


@pytest.fixture
def published(connected: Project) -> Project:
    connected.create_event_table()
    connected.add_live_events()
    connected.dbt("run", "--select", "bounty_metrics")
    return connected


def test_green_then_one_event_deleted_changed_doubled(published: Project) -> None:
    assert failed_tests(published) == set()
    entity, metric, value = next(row for row in published.bounty_slice() if row[1] == "unitAmount")
    condition = f"entityType = 'Bounty' and version = 3 and entityId = {entity} and metricType = '{metric}'"
    stored = (
        f"select metric_type, difference, sample_entity_ids from {AUDIT}.reconcile_bounty_metrics where entities_that_differ > 0"
    )

    published.rows(f"alter table {EVENTS} delete where {condition}")
    assert failed_tests(published) == {"reconcile", "published_once"}
    assert published.rows(stored) == [("unitAmount", value, [entity])]

    published.rows(f"insert into {EVENTS} values ('Bounty', {entity}, -1, '{metric}', {value + 1}, '2025-01-21 00:00:00', 3)")
    assert failed_tests(published) == {"reconcile", "published_once"}
    assert published.rows(stored) == [("unitAmount", -1, [entity])]

    published.rows(f"alter table {EVENTS} update metricValue = {value} where {condition}")
    assert failed_tests(published) == set()
    published.rows(f"insert into {EVENTS} select * from {EVENTS} where {condition}")
    assert failed_tests(published) == {"reconcile", "published_once", "unique_in_slice"}
    assert published.rows(f"select entity_id, metrics_more_than_once from {AUDIT}.unique_in_slice_bounty_metrics") == [
        (entity, [metric])
    ]
    # Two wrongs that add up: the sums agree, the rows do not.
    published.rows(f"alter table {EVENTS} update metricValue = 0 where {condition}")
    published.rows(f"insert into {EVENTS} values ('Bounty', {entity}, -1, '{metric}', {value}, '2025-01-21 00:00:00', 3)")
    assert failed_tests(published) == {"published_once", "unique_in_slice"}


def test_foreign_metrics(published: Project) -> None:
    """In the event table at the backfill's own time; built by the model; and the other way round, lacking in the model."""
    published.rows(f"insert into {EVENTS} values ('Bounty', 1, -1, 'bogus', 1, '2025-01-21 00:00:00', 3)")
    assert failed_tests(published) == {"matches_catalog"}
    assert published.rows(f"select problem, metric_type from {AUDIT}.matches_catalog_bounty_metrics") == [
        ("published with the time of the backfill, but not in the catalog", "bogus")
    ]
    published.rows(f"alter table {EVENTS} delete where metricType = 'bogus'")
    published.rows(f"insert into {MODEL} values ('Bounty', 1, -1, 'bogus', 1, '2025-01-21 00:00:00', 3)")
    assert failed_tests(published) == {"matches_catalog", "published_once"}

    model = published.folder / "models/bounty_metrics/bounty_metrics.sql"
    model.write_text(model.read_text().replace("'trackCount': 'trackCount'", "'trackCount': 'tracks'"))
    published.dbt("run", "--select", "bounty_metrics")
    # The catalog's metric is gone from the new slice but not from the event table: its old events are still there.
    assert failed_tests(published) >= {"matches_catalog"}
    problems = published.rows(f"select problem, metric_type from {AUDIT}.matches_catalog_bounty_metrics order by all")
    assert ("in the catalog, but not mapped by the model", "trackCount") in problems
    assert ("mapped by the model, but not in the catalog", "tracks") in problems
    assert ("built by the model, but not in the catalog", "tracks") in problems


def test_wrong_constants_dates_and_staged_rows(published: Project) -> None:
    assert failed_tests(published, "--vars", "{backfill_date: 2025-01-22}") == {"slice_constants"}
    published.rows(f"insert into {MODEL} values ('Bounty', 1, 5, 'trackCount', 1, '2025-01-21 00:00:00', 2)")
    assert failed_tests(published) == {"slice_constants", "published_once"}
    published.dbt("run", "--select", "bounty_metrics")
    published.rows("insert into entity_metrics.stg_bounty_metrics select * from entity_metrics.stg_bounty_metrics limit 1")
    assert failed_tests(published) == {"unique", "reconcile"}


def test_the_command_line_fails_and_says_where(published: Project) -> None:
    """A mapping that is wrong in the model is found by the catalog: exit code 1, the table, the metric, the test."""
    model = published.folder / "models/bounty_metrics/bounty_metrics.sql"
    model.write_text(
        model.read_text()
        .replace("'entryCount': 'entryCount'", "'entryCount': 'benefactorCount'")
        .replace("'benefactorCount': 'benefactorCount'", "'benefactorCount': 'entryCount'")
    )
    ran = published.backfill("--table", "BountyMetric", ok=False)
    assert ran.code == 1
    assert "BountyMetric: the test reconcile_bounty_metrics failed" in ran.output
    assert "DIFFERS" in ran.output and "0 of 1 tables published" in ran.output
