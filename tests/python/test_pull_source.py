"""What a pull reads from: the session's settings, the table's kind and types, and who may read what it makes."""

import re

import pytest

from harness import LOGGED, Project
from test_staging import DBT, as_on_an_older_server, make_bounties, small_ranges
from warm import Started

PULL = ["run", "--select", "stg_bounty_metrics"]
STAGED = "select count(), sum(favoriteCount), countIf(bountyId = 0) from entity_metrics.stg_bounty_metrics"


@pytest.mark.parametrize(
    ("setting", "value", "on_an_older_server", "sentence"),
    [
        (
            "datestyle",
            "SQL, DMY",
            False,
            "DateStyle 'SQL, DMY', and ClickHouse reads ISO alone: run `alter role \"site\" in database",
        ),
        ("timezone", "Asia/Kolkata", False, "in the zone Asia/Kolkata, and ClickHouse would read them as UTC: run `alter role"),
        ("timezone", "Asia/Kolkata", True, "are 19800 s off: run `alter role ... set datestyle = 'ISO'`"),
    ],
)
def test_how_postgres_writes_times(connected: Project, setting: str, value: str, on_an_older_server: bool, sentence: str) -> None:
    """Every pull checks it, of tables without times, too."""
    if on_an_older_server:
        as_on_an_older_server(connected)
        connected.dbt(*PULL)
    connected.postgres(f"alter database {connected.database} set {setting} = '{value}'")
    failed = connected.dbt(*PULL, ok=False)
    assert sentence in failed.output.replace("19799 s", "19800 s").replace("19801 s", "19800 s")
    assert "entity-metrics connect` again" in failed.output


@pytest.mark.parametrize("kind", ["view", "materialized view"])
def test_a_source_that_is_no_table(connected: Project, kind: str) -> None:
    """It cannot declare its key not null: the rows are asked."""
    expected = connected.postgres("""select count(*), sum("favoriteCount"), 0 from "BountyMetric" where timeframe = 'AllTime' """)
    connected.postgres('alter table "BountyMetric" rename to kept')
    connected.postgres(f'create {kind} "BountyMetric" as select * from kept')
    connected.dbt("run", "--select", "bounty_metrics", *small_ranges(100))
    assert connected.rows(STAGED) == expected
    if kind == "view":
        connected.postgres(
            """create or replace view "BountyMetric" as select nullif("bountyId", 1) as "bountyId", timeframe, "favoriteCount",
               "trackCount", "entryCount", "benefactorCount", "unitAmountCount", "commentCount", "updatedAt" from kept"""
        )
        failed = connected.dbt(*PULL, ok=False)
        assert "The range key bountyId of BountyMetric is null in" in failed.output


def test_a_key_that_is_no_integer(connected: Project) -> None:
    connected.postgres('alter table "BountyMetric" alter "bountyId" type text')
    failed = connected.dbt(*PULL, ok=False)
    assert "The range key bountyId of BountyMetric is read as String: a pull needs an integer" in failed.output


@pytest.mark.parametrize(
    "change",
    [
        'alter table "BountyMetric" alter "favoriteCount" type bigint',
        'alter table "BountyMetric" alter "favoriteCount" drop not null',
        'create table copied (like "BountyMetric" including all); insert into copied select * from "BountyMetric";'
        'drop table "BountyMetric"; alter table copied rename to "BountyMetric"',
    ],
    ids=["type", "nullability", "table"],
)
def test_a_pull_is_not_resumed_from_another_source(connected: Project, change: str) -> None:
    """Ranges of an int column beside ranges of what has become a bigint would wrap."""
    make_bounties(connected, 2000)
    connected.start(DBT, *PULL, *small_ranges(200), until=": range 2 of", then=Started.kill)
    connected.postgres(change)
    if "bigint" in change:
        connected.postgres("""update "BountyMetric" set "favoriteCount" = 3000000000 where "bountyId" = 2990""")
    assert "resuming" not in connected.dbt(*PULL, *small_ranges(200)).output
    expected = connected.postgres("""select count(*), sum("favoriteCount"), 0 from "BountyMetric" where timeframe = 'AllTime' """)
    assert connected.rows(STAGED) == expected


def test_grants(connected: Project) -> None:
    """The config `grants` is honoured when the swap is done. The embedded engine has no such user: the statement is refused."""
    model = connected.folder / "models/bounty_metrics/stg_bounty_metrics.sql"
    config = "materialized='pull', grants={'select': ['reader']},"
    model.write_text(model.read_text().replace("materialized='pull',", config))
    connected.dbt(*PULL, ok=False, **LOGGED)
    log = (connected.folder / "logs" / "dbt.log").read_text()
    assert re.search(r"grant\s+select\s+on\s+\S*stg_bounty_metrics\S*\s+to\s+\S*reader", log)
    assert connected.value("select count() from entity_metrics.stg_bounty_metrics") > 0
