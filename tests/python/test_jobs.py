"""The jobs as people run them with plain dbt, and what is kept of every run."""

import json
import re

from harness import EVENTS, Project

BUILT = "bounty_metrics"
OWN_NODES = {
    "bounty_metrics", "bounty_metric_events", "stg_bounty_metrics", "BountyMetric", "metrics",
    "matches_registry_bounty_metrics", "reconcile_bounty_metrics", "published_bounty_metrics",
    "unique_metrics", "registry_is_sound", "accepted_values_metrics_agreement", "accepted_values_metrics_counted_from",
    "bounty_metrics_names_and_constants", "bounty_metrics_zero_and_negative", "bounty_metrics_with_zero_values",
    "bounty_metrics_missing_columns",
}  # fmt: skip
"""What `+bounty_metrics` selects, and `drift_bounty_metrics`."""


def test_one_table_alone_on_an_empty_target(connected: Project) -> None:
    """`+bounty_metrics` has its own nodes only; `run --select bounty_metrics` does the whole job, and `test` reconciles it."""
    listed = connected.dbt("ls", "--select", "+bounty_metrics", "--quiet").output.split()
    assert {name.split(".")[-1] for name in listed} - {"drift_bounty_metrics"} == OWN_NODES
    connected.dbt("run", "--select", "bounty_metrics")
    assert connected.bounty_slice() == connected.bounty_source()
    assert connected.rows(f"select distinct version, userId, toString(createdAt) from {EVENTS}") == [
        (3, -1, "2025-01-21 00:00:00")
    ]
    slice_as_readers_see_it = "select entityId, toString(metricType), metricValue from entity_metrics.bounty_metrics order by all"
    assert connected.rows(slice_as_readers_see_it) == connected.bounty_slice()
    tested = connected.dbt("test", "--select", "bounty_metrics")
    for name in ("reconcile", "matches_registry", "published"):
        assert f"PASS {name}_bounty_metrics" in tested.output


def test_run_again_replaces_the_slice_and_nothing_else(built: Project) -> None:
    """After the source changed, and with another date: the table holds one slice, the newest."""
    built.add_live_events()
    before = built.outside()
    first = built.bounty_slice()
    built.postgres("""update "BountyMetric" set "favoriteCount" = "favoriteCount" + 7 where "bountyId" % 3 = 0""")
    built.postgres("""delete from "BountyMetric" where "bountyId" = 5""")
    built.dbt_here("run", "--select", "bounty_metrics", "--vars", "{backfill_date: '2025-03-31'}")
    assert built.bounty_slice() == built.bounty_source() != first
    slice_dates = built.rows(
        f"select distinct toString(createdAt) from {EVENTS} where entityType = 'Bounty' and version = 3"
        " and userId = -1 and metricType = 'favoriteCount'"
    )
    assert slice_dates == [("2025-03-31 00:00:00",)]
    assert built.outside() == before


def test_a_source_that_shrank(built: Project) -> None:
    """Publishing stops before it removes more than a tenth, of events or of their sum, and says how to allow it."""
    published = built.bounty_slice()

    def run(change: str, share: str = "0.1", ok: bool = False) -> str:
        built.postgres(change)
        variables = f"{{max_removed_share: {share}}}"
        said = built.dbt_here("run", "--select", "bounty_metrics", "--vars", variables, ok=ok).errors
        assert ok or built.bounty_slice() == published
        return "".join(said)

    built.postgres("""create table kept as select * from "BountyMetric" """)
    total = sum(row[2] for row in published)
    said = run("""delete from "BountyMetric" where "bountyId" > 3""")
    slice_there = "The slice of BountyMetric in `entity_metrics`.`entityMetricEvents_new`"
    assert re.search(rf"{slice_there} would go from {len(published)} to \d+ rows", said)
    assert "run with --vars '{max_removed_share: 1}'" in said
    assert f"{slice_there} would go from {len(published)} to 0 rows" in run(
        """delete from "BountyMetric" where timeframe = 'AllTime'"""
    )
    # All events are there, with less in them.
    restored = """truncate "BountyMetric"; insert into "BountyMetric" select * from kept; """
    said = run(f"""{restored} update "BountyMetric" set "unitAmountCount" = 1 where "unitAmountCount" > 1""")
    assert re.search(rf"{slice_there} would go from {total:,} to -?[\d,]+ in all", said)
    # What is within the share needs no word; nor does more where it is allowed.
    run(f"""{restored} delete from "BountyMetric" where "bountyId" = 5""", ok=True)
    assert built.bounty_slice() == built.bounty_source()
    run("""delete from "BountyMetric" where "bountyId" > 3""", share="1", ok=True)
    assert built.bounty_slice() == built.bounty_source() != []
    run("""truncate "BountyMetric" """, share="1", ok=True)
    assert built.bounty_slice() == []
    # Nothing over nothing removes nothing: `dbt build` fails then, since it reconciles nothing.
    run("""insert into "BountyMetric" select * from kept where timeframe != 'AllTime' """, ok=True)


def everything(project: Project) -> list[tuple[object, ...]]:
    """Every part of every table, with the hash of its files."""
    return project.rows(
        "select database, table, name, hash_of_all_files from system.parts where active and database != 'system' order by all"
    )


def test_a_trial(built: Project) -> None:
    """It says what it would delete and insert, tests it, and leaves every table as it was; on an empty target it makes none."""
    built.postgres("""update "BountyMetric" set "favoriteCount" = 3""")
    before = everything(built)
    tried = built.dbt("build", "--select", "bounty_metrics", "--vars", "{dry_run: true}").output
    old, total = built.rows(f"select count(), sum(metricValue) from {EVENTS} where metricType = 'favoriteCount'")[0]
    entities = built.postgres("""select count(*) from "BountyMetric" where timeframe = 'AllTime'""")[0][0]
    assert f"delete {old} events (total {total}), insert {entities} events (total {3 * entities})" in tried
    assert "sample: entityType, entityId, userId, metricType, metricValue, createdAt, version" in tried
    assert tried.count("          Bounty, ") == 5
    assert "PASS reconcile_bounty_metrics" in tried
    trials = ("entity_metrics_trial", "entity_metrics_trial_dbt_test__audit")
    assert [row for row in everything(built) if row[0] not in trials] == before
    assert built.value("select count() from entity_metrics.run_results where vars like '%dry_run%'") == 0
    built.rows(f"drop table {EVENTS} sync")
    tried = built.dbt("run", "--select", "bounty_metrics", "--vars", "{dry_run: true}").output
    assert f"delete 0 events (total 0), insert {entities} events" in tried
    assert built.rows("select name from system.tables where name = 'entityMetricEvents_new'") == []


def test_zero_values_on_request(built: Project) -> None:
    """include_zero_values writes an event for every count, and the totals still reconcile."""
    done = built.dbt_here(
        "build", "--select", "bounty_metrics", "--vars", "{include_zero_values: true}", "--exclude-resource-type", "unit_test"
    )
    assert done.that("fail", "error") == set()
    entities = built.postgres("""select count(*) from "BountyMetric" where timeframe = 'AllTime'""")[0][0]
    assert built.value(f"select count() from {EVENTS}") == 6 * entities


def test_what_is_kept_of_every_run(built: Project) -> None:
    """What last night's run did is a query: nodes, tests, figures, revision, vars, and what was published instead of what."""
    built.rows("truncate table entity_metrics.run_results")
    built.rows("truncate table entity_metrics.publish_log")
    built.postgres("""update "BountyMetric" set "trackCount" = "trackCount" + 1 where "bountyId" = 3""")
    before = dict(built.rows(f"select toString(metricType), sum(metricValue) from {EVENTS} group by all"))
    variables = "{backfill_date: '2025-02-01', max_removed_share: 0.2}"
    options = ["--vars", variables, "--exclude-resource-type", "unit_test"]
    built.dbt("build", "--select", "bounty_metrics", *options, ENTITY_METRICS_REVISION="0f1e2d'3c")
    kept = built.rows("select node, resource_type, tested_node, status from entity_metrics.run_results order by all")
    assert {row for row in kept if not row[0].startswith("drift")} == {
        ("stg_bounty_metrics", "model", "", "success"),
        ("bounty_metric_events", "model", "", "success"),
        ("bounty_metrics", "model", "", "success"),
        ("matches_registry_bounty_metrics", "test", "bounty_metric_events", "pass"),
        ("reconcile_bounty_metrics", "test", "bounty_metric_events", "pass"),
        ("published_bounty_metrics", "test", "bounty_metrics", "pass"),
    }
    ((run_id, command, revision, given),) = built.rows(
        "select distinct run_id, command, revision, vars from entity_metrics.run_results"
    )
    assert (command, revision) == ("build", "0f1e2d'3c")
    assert json.loads(given) == {"backfill_date": "2025-02-01", "max_removed_share": 0.2}
    logged = built.rows(
        "select metric_type, run_id, model, job, strategy, entity_type, month, is_counted, total_before, total_after"
        " from entity_metrics.publish_log where metric_type = 'trackCount' order by month"
    )
    run = (run_id, "bounty_metrics", "metric_tables", "replace", "Bounty")
    assert logged == [
        ("trackCount", *run, 202501, True, before["trackCount"], 0),
        ("trackCount", *run, 202502, True, 0, before["trackCount"] + 1),
    ]

    built.rows("truncate table entity_metrics.run_results")
    built.postgres("""update "BountyMetric" set "unitAmountCount" = 0, "trackCount" = 0""")
    built.dbt_here("build", "--select", "bounty_metrics", *options[2:], ok=False)
    ((status, message),) = built.rows("select status, message from entity_metrics.run_results where node = 'bounty_metrics'")
    assert status == "error" and message.startswith("The slice of BountyMetric in `entity_metrics`")
    published = "select status from entity_metrics.run_results where node = 'published_bounty_metrics'"
    assert built.rows(published) == [("skipped",)]
    built.rows(f"alter table {EVENTS} delete where metricType = 'unitAmount'")
    built.dbt_here("test", "--select", "published_bounty_metrics", ok=False)
    published = (
        "select status, failures from entity_metrics.run_results where node = 'published_bounty_metrics' and command = 'test'"
    )
    assert built.rows(published)[0][0] == "fail" and built.rows(published)[0][1] >= 1
