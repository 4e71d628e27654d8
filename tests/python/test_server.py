"""A ClickHouse server as the target, by the stock adapter over HTTP: all jobs, and what people read where something is wrong."""

import json

from clickhouse_server import ClickHouse, ServerProject, without_session_timezone
from harness import EVENTS

JOB = "all"
TIMEZONE = "Asia/Tokyo"
"""The server's own zone. The profile sets the session's, so that times are what they are everywhere."""

TESTS = (
    *("metrics", "excluded_users", "event_table", "totals", "lookups", "user_totals", "equals_legacy_bounty_metric"),
    *("comment_v2_has_thread", "bounty_entry_without_author", "nothing_lost"),
)
"""Besides those of the jobs that the command line runs: each kind of test once, since the SQL of a kind is the same."""

LIST = (
    "--quiet",
    "ls",
    "--target",
    "server",
    "--resource-type",
    "test",
    "--output",
    "json",
    "--output-keys",
    "name",
    "test_metadata",
)


def test_all_jobs_on_a_server(served: ServerProject) -> None:
    """Connect, all models and each kind of test on an empty server, and jobs by the command line, which find the same again."""
    served.connect("--target", "server")
    served.connect("--target", "server", "--source", "brand_visibility")
    served.load_clickhouse()
    built = served.dbt("build", "--target", "server", "--exclude-resource-type", "unit_test", "test")
    assert "ERROR=0" in built.output
    tested = served.dbt("test", "--target", "server", "--exclude-resource-type", "unit_test", "--select", *TESTS)
    assert "ERROR=0" in tested.output
    assert served.bounty_slice() == served.bounty_source() != []
    assert (
        served.value(f"select sum(metricValue) from {EVENTS} where entityType = 'Image' and metricType = 'viewCount'")
        == (served.postgres("""select sum("viewCount") from "ImageMetric" where timeframe = 'AllTime'""")[0][0])
    )
    assert served.rows(f"select distinct toUnixTimestamp(createdAt) from {EVENTS} where version = 3") == [(1737417600,)]
    assert served.rows(f"select count(), sum(toUnixTimestamp(createdAt)) from {EVENTS} where metricType = 'tipsGivenCount'") == (
        served.postgres(
            """select count(*), sum(floor(extract(epoch from "createdAt" at time zone 'UTC'))) from "BuzzTip"
               where "createdAt" < '2024-08-07 15:44:39.044'"""
        )
    )
    assert served.value("select count() from entity_metrics.brand_metrics") > 0
    before = served.rows(f"select count(), sum(cityHash64(*)) from {EVENTS}")
    tables = served.backfill("--target", "server", "--table", "BountyMetric")
    assert "1 of 1 tables published" in tables.output
    packages = served.backfill("--target", "server", "--job", "source_events", "--package", "buzz_tip")
    assert "1 of 1 packages published" in packages.output
    assert "all tests passed" in served.backfill("--target", "server", "--job", "brand_visibility").output
    assert served.rows(f"select count(), sum(cityHash64(*)) from {EVENTS}") == before
    kinds = {test["name"]: test["test_metadata"]["name"] for test in map(json.loads, served.dbt(*LIST).output.splitlines())}
    ran = served.rows(
        "select distinct node from entity_metrics.run_results where resource_type = 'test' and status in ('pass', 'warn')"
    )
    assert {kinds[name] for (name,) in ran} == set(kinds.values())


def test_says_what_is_wrong_with_the_server(served: ServerProject, clickhouse: ClickHouse) -> None:
    """A wrong password, a session in another zone, a server that is down: a sentence with the remedy, and nothing else."""
    refused = served.connect("--target", "server", ok=False, DBT_ENV_SECRET_CLICKHOUSE_PASSWORD="wrong")
    assert refused.output.startswith(
        "ClickHouse refuses the user or its password: correct CLICKHOUSE_USER and DBT_ENV_SECRET_CLICKHOUSE_PASSWORD."
    )
    without_session_timezone(served)
    tables = "select database, name, metadata_modification_time from system.tables order by all"
    before = served.rows(tables)
    for refused in (
        served.dbt("build", "--target", "server", "--select", "bounty_metrics", ok=False),
        served.backfill("--target", "server", "--table", "TagMetric", ok=False),
    ):
        assert (
            "The session on the target server is in the time zone Asia/Tokyo, in which every time would be shifted:"
            " give the output server in profiles.yml `session_timezone: UTC` under custom_settings." in refused.output
        )
        assert "Traceback" not in refused.output
    assert served.rows(tables) == before
    served.release()
    clickhouse.stop()
    for down in (
        served.connect("--target", "server", ok=False).output,
        served.backfill("--target", "server", "--table", "TagMetric", "--retries", "0", ok=False).output,
    ):
        assert "ClickHouse is not reachable: start it, or correct CLICKHOUSE_HOST and CLICKHOUSE_PORT" in down
        assert "Traceback" not in down
