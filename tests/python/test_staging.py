"""Pulling in ranges: boundaries, interruption, resuming."""

import re
import sys
import threading

import pytest

from harness import BIN, EVENTS, Project
from warm import Started

DBT = str(BIN / "dbt")
RUN_BOUNTY = [DBT, "run", "--select", "bounty_metrics"]


def small_ranges(rows: int = 20, streams: int = 2) -> list[str]:
    return ["--vars", f"{{range_size: {rows}, pull_streams: {streams}}}"]


def expect_bounty(project: Project) -> None:
    assert project.bounty_slice() == project.bounty_source()


def as_on_an_older_server(project: Project) -> None:
    """The engine at hand without what came with 26.9: queries of our own in Postgres."""
    macros = project.folder / "macros/pull/source.sql"
    macros.write_text(macros.read_text().replace("adapter.is_at_or_after_version('26.9')", "false"))


def make_bounties(project: Project, rows: int) -> None:
    """Bounties enough for a pull that can be interrupted."""
    project.postgres(
        f"""insert into "BountyMetric" ("bountyId", timeframe, "favoriteCount", "unitAmountCount")
            select 1000 + n, 'AllTime', n % 5, n from generate_series(1, {rows}) as n; analyze "BountyMetric" """
    )


@pytest.mark.parametrize(
    ("planned_from", "rows", "ranges_at_least"),
    [("statistics", 100, 7), ("stale statistics", 100, 9), ("no statistics", 40, 2), ("an older server", 40, 2)],
)
def test_ranges_follow_the_rows(connected: Project, planned_from: str, rows: int, ranges_at_least: int) -> None:
    """Ids are sparse up to 2147483647: ranges hold rows in equal measure, whatever they are planned from."""
    if planned_from == "statistics":
        make_bounties(connected, 600)
    if planned_from == "stale statistics":
        make_bounties(connected, 600)
        connected.postgres("""insert into "BountyMetric" ("bountyId", timeframe, "trackCount")
            select 2100000000 + n * 1000, 'AllTime', 1 from generate_series(1, 400) as n""")
    if planned_from == "no statistics":
        connected.postgres("""create table copy (like "BountyMetric" including all) with (autovacuum_enabled = false);
            insert into copy select * from "BountyMetric";
            drop table "BountyMetric"; alter table copy rename to "BountyMetric" """)
    if planned_from == "an older server":
        as_on_an_older_server(connected)
    ran = connected.dbt(*RUN_BOUNTY[1:], *small_ranges(rows))
    expect_bounty(connected)
    ranges = connected.rows("select _range, count() from entity_metrics.stg_bounty_metrics group by _range order by _range")
    assert len(ranges) >= ranges_at_least
    assert max(pulled for _, pulled in ranges) <= 1.6 * rows
    assert re.search(r"range 1 of \d+, \d+ rows", ran.output)


def test_one_key_value_larger_than_a_range(connected: Project) -> None:
    """A composite key whose first column repeats: a value that alone exceeds a range is pulled whole, once."""
    connected.postgres(
        """create table "Tip" ("toUserId" int not null, "fromUserId" int not null, amount int not null,
                               primary key ("toUserId", "fromUserId"));
           insert into "Tip" select 7, n, 1 from generate_series(1, 500) as n;
           insert into "Tip" select n, 1, 2 from generate_series(-50, 300) as n where n <> 7;
           analyze "Tip" """
    )
    folder = connected.folder / "models/tips"
    folder.mkdir()
    (folder / "stg_tips.sql").write_text(
        """{{ config(materialized='pull', order_by='(toUserId, fromUserId)', meta={'range_key': 'toUserId'}) }}
select toUserId, fromUserId, amount from {{ source('postgres', 'Tip') }} where {{ range_filter() }}
"""
    )
    sources = connected.folder / "models/sources/postgres_metric_tables.yml"
    tip = "    tables:\n      - name: Tip\n        columns: [{name: toUserId, data_type: Int32}]\n"
    sources.write_text(sources.read_text().replace("    tables:\n", tip, 1))
    connected.dbt("run", "--select", "stg_tips", *small_ranges(100, 1))
    assert connected.rows("select count(), sum(amount), uniqExact(toUserId, fromUserId) from entity_metrics.stg_tips") == [
        (850, 500 + 2 * 350, 850)
    ]
    ranges = connected.rows("select countIf(toUserId = 7), uniqExact(_range) from entity_metrics.stg_tips where toUserId = 7")
    assert ranges == [(500, 1)]
    assert connected.value("select uniqExact(_range) from entity_metrics.stg_tips") >= 3


def test_killed_in_the_middle_of_a_pull(connected: Project) -> None:
    """SIGKILL after the third range: nothing was published, and the next run goes on from there."""
    make_bounties(connected, 4000)
    connected.create_event_table()
    connected.add_live_events()
    before = connected.outside()
    killed = connected.start(*RUN_BOUNTY, *small_ranges(200), until=": range 3 of", then=Started.kill)
    assert killed.code != 0
    assert connected.bounty_slice() == [] and connected.outside() == before
    assert connected.value("select count() from system.tables where name = 'stg_bounty_metrics__pull'") == 1
    # What an interrupted INSERT leaves behind: rows of a range that the ledger does not call finished.
    unfinished = 1 + int(
        connected.value("select max(range_number) from entity_metrics.pull_ledger where pulled_rows is not null")
    )
    connected.rows(
        "insert into entity_metrics.stg_bounty_metrics__pull"
        f" select * replace({unfinished + 1} as _range) from entity_metrics.stg_bounty_metrics__pull limit 10"
    )
    resumed = connected.dbt(*RUN_BOUNTY[1:], *small_ranges(200))
    assert re.search(r"resuming a pull, [3-9] of \d+ ranges are there already", resumed.output)
    assert ": range 1 of" not in resumed.output
    expect_bounty(connected)
    assert connected.outside() == before
    again = connected.dbt(*RUN_BOUNTY[1:], *small_ranges(200))
    assert "resuming" not in again.output


def exchange_by_hand(project: Project) -> None:
    project.rows("exchange tables entity_metrics.stg_bounty_metrics__pull and entity_metrics.stg_bounty_metrics")


def test_killed_between_the_swap_and_the_drop(connected: Project) -> None:
    """The pull table is the old snapshot then, whose ranges the ledger calls finished: it must never be gone on with."""
    connected.dbt(*RUN_BOUNTY[1:], *small_ranges(200))
    make_bounties(connected, 4000)
    connected.start(*RUN_BOUNTY, *small_ranges(200), until=": range 3 of", then=Started.kill)
    exchange_by_hand(connected)
    connected.dbt(*RUN_BOUNTY[1:], *small_ranges(200))
    expect_bounty(connected)


def test_a_drop_that_fails(connected: Project) -> None:
    """The new table is in its place already, and the next run does not take the old one for an unfinished pull."""
    connected.dbt(*RUN_BOUNTY[1:])
    make_bounties(connected, 400)
    profiles = connected.folder / "profiles.yml"
    as_it_was = profiles.read_text()
    profiles.write_text(as_it_was.replace("custom_settings:\n", "custom_settings:\n        max_table_size_to_drop: 1\n"))
    failed = connected.dbt("run", "--select", "stg_bounty_metrics", ok=False)
    assert "TABLE_SIZE_EXCEEDS_MAX_DROP_SIZE_LIMIT" in failed.output
    profiles.write_text(as_it_was)
    staged = "select count() from entity_metrics.stg_bounty_metrics"
    source = connected.postgres("""select count(*) from "BountyMetric" where timeframe = 'AllTime' """)
    assert connected.rows(staged) == source
    again = connected.dbt(*RUN_BOUNTY[1:])
    assert "resuming" not in again.output
    assert connected.rows(staged) == source
    expect_bounty(connected)


def test_full_refresh_and_changed_sql_start_over(connected: Project) -> None:
    """A pull that was interrupted is not gone on with by --full-refresh, nor by a model that has changed since."""
    make_bounties(connected, 2000)
    connected.start(*RUN_BOUNTY, *small_ranges(200), until=": range 2 of", then=Started.kill)
    ran = connected.dbt(*RUN_BOUNTY[1:], "--full-refresh", *small_ranges(200))
    assert "resuming" not in ran.output
    expect_bounty(connected)

    connected.start(*RUN_BOUNTY, *small_ranges(200), until=": range 2 of", then=Started.kill)
    model = connected.folder / "models/bounty_metrics/stg_bounty_metrics.sql"
    model.write_text(model.read_text().replace("where\n", "where\n    bountyId < 2000000\n    and "))
    assert "resuming" not in connected.dbt("run", "--select", "stg_bounty_metrics", *small_ranges(200)).output


def test_postgres_stopped_and_started_during_a_pull(connected: Project) -> None:
    """The command line waits, tries again and goes on from the last finished range."""
    make_bounties(connected, 4000)
    connected.create_event_table()
    connected.add_live_events()
    before = connected.outside()

    def restart(_process: object) -> None:
        connected.server.stop()
        threading.Timer(1.0, connected.server.start).start()

    command = [sys.executable, "scripts/backfill.py", "--table", "BountyMetric", "--batch-size", "200"]
    ran = connected.start(*command, until=": range 2 of", then=restart)
    assert ran.code == 0, ran.output
    assert "Postgres is not reachable" in ran.output and "Trying again in 1 s." in ran.output
    assert "resuming a pull" in ran.output
    assert connected.value(f"select count() from {EVENTS}") > 4000
    expect_bounty(connected)
    assert connected.outside() == before
