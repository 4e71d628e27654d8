"""Bad input and broken surroundings: one clear sentence, a non-zero exit where it is an error, nothing lost."""

import itertools
import signal
import sys

from harness import BIN, EVENTS, Project
from warm import Started

RUN_BOUNTY = ["run", "--select", "bounty_metrics"]


def test_values_at_and_beyond_int32(connected: Project) -> None:
    """A bigint beyond Int32 stops the run by name; the largest id, negatives, zeros and nulls are what they are."""
    connected.dbt(*RUN_BOUNTY)
    published = connected.bounty_slice()
    connected.postgres(
        """alter table "BountyMetric" alter "unitAmountCount" type bigint, alter "commentCount" drop not null;
           update "BountyMetric" set "unitAmountCount" = 3000000000 where "bountyId" = 4 and timeframe = 'AllTime' """
    )
    ran = connected.backfill("--table", "BountyMetric", ok=False)
    assert (
        "Bounty unitAmount of 4 is 3000000000, which does not fit the event table's Int32 (1 such in BountyMetric)" in ran.output
    )
    assert "Traceback" not in ran.output
    assert connected.bounty_slice() == published

    connected.postgres(
        """update "BountyMetric" set "unitAmountCount" = 2147483647, "commentCount" = null where "bountyId" = 4;
           update "BountyMetric" set "unitAmountCount" = -2147483648 where "bountyId" = 2147483647;
           insert into "BountyMetric" ("bountyId", timeframe) values (3333, 'AllTime')"""
    )
    ran = connected.backfill("--table", "BountyMetric")
    assert "1 of 1 tables published" in ran.output and "all 6 comparisons equal" in ran.output
    published = connected.bounty_slice()
    assert published == connected.bounty_source()
    assert {(4, "unitAmount", 2147483647), (2147483647, "unitAmount", -2147483648)} <= set(published)
    assert not [row for row in published if row[0] == 3333 or row[:2] == (4, "commentCount")]


def test_post_metrics_of_the_real_schema(connected: Project) -> None:
    """The real PostMetric lacks two mapped columns: a sentence that names them and the var; with the var it goes on."""
    connected.postgres("""alter table "PostMetric" drop column "tippedCount", drop column "tippedAmountCount" """)
    sentence = "Source table PostMetric lacks the mapped columns tippedCount, tippedAmountCount"
    ran = connected.dbt("run", "--select", "post_metrics", ok=False)
    assert sentence in ran.output and "allow_missing_columns: true" in ran.output
    ran = connected.backfill("--table", "PostMetric", ok=False)
    assert sentence in ran.output
    assert "tippedCount, tippedAmountCount" in connected.connect().output
    built = connected.dbt("build", "--select", "post_metrics", "--vars", "{allow_missing_columns: true}")
    assert (
        "going on without tippedCount, tippedAmountCount" in built.output and "PASS matches_registry_post_metrics" in built.output
    )
    metrics = {row[0] for row in connected.rows(f"select distinct toString(metricType) from {EVENTS}")}
    assert "Like" in metrics and not metrics & {"tippedCount", "tippedAmount"}


def test_missing_table_and_missing_key(connected: Project) -> None:
    connected.postgres("""alter table "BountyMetric" rename column "bountyId" to id; drop table "TagMetric" """)
    ran = connected.backfill("--table", "BountyMetric", "--table", "TagMetric", "--table", "ArticleMetric", ok=False)
    assert "Source table BountyMetric lacks the column bountyId" in ran.output
    assert "Postgres has no table TagMetric" in ran.output
    assert "1 of 3 tables published" in ran.output and "2 failed: BountyMetric, TagMetric" in ran.output  # the rest is done


def test_postgres_down(connected: Project) -> None:
    connected.dbt(*RUN_BOUNTY)
    published = connected.bounty_slice()
    connected.server.stop()
    try:
        ran = connected.backfill("--table", "BountyMetric", "--retries", "1", ok=False)
        plain = connected.dbt(*RUN_BOUNTY, ok=False)
        again = connected.connect(ok=False)
    finally:
        connected.server.start()
    assert ran.output.count("Trying again in") == 1 and "BountyMetric: Postgres is not reachable" in ran.output
    assert "connection to server" in plain.output
    assert again.output.startswith("Postgres is not reachable") or "Postgres is not reachable" in again.output
    assert connected.bounty_slice() == published
    connected.dbt(*RUN_BOUNTY)


def test_wrong_password(connected: Project) -> None:
    """Connecting refuses it and keeps the connection that works; a password changed later is explained by a run."""
    refused = connected.connect(ok=False, PGPASSWORD="wrong-Pa55word")
    assert "Postgres refuses the password of user site" in refused.output
    assert "wrong-Pa55word" not in refused.output
    connected.dbt(*RUN_BOUNTY)
    with connected.server.connect("postgres") as connection:
        connection.execute("create role reader login superuser password 'first'")
    try:
        connected.connect(PGUSER="reader", PGPASSWORD="first")
        with connected.server.connect("postgres") as connection:
            connection.execute("alter role reader password 'second'")
        ran = connected.backfill("--table", "BountyMetric", ok=False)
        assert "Postgres refuses the password of user reader" in ran.output and "Trying again" not in ran.output
    finally:
        with connected.server.connect("postgres") as connection:
            connection.execute("drop role reader")


def test_not_connected(project: Project) -> None:
    ran = project.backfill("--table", "BountyMetric", ok=False)
    assert "There is no source database postgres_source on the target embedded: run `entity-metrics connect`." in ran.output


def test_clickhouse_down(project: Project) -> None:
    """The server output of the profile, with nothing listening."""
    for command in ("scripts/backfill.py", "scripts/connect_source.py"):
        options = ["--all", "--retries", "0"] if "backfill" in command else []
        ran = project.run(sys.executable, command, *options, "--target", "server", ok=False, CLICKHOUSE_PORT="1")
        assert "ClickHouse is not reachable" in ran.output and "Traceback" not in ran.output


def test_chdb_folder_in_use(connected: Project) -> None:
    connected.dbt(*RUN_BOUNTY)
    command = [str(BIN / "dbt"), *RUN_BOUNTY, "--vars", "{range_size: 1}"]
    connected.environment["ENTITY_METRICS_CHDB_PATH"] = str(connected.chdb)
    outputs = []

    def intrude(process: Started) -> None:
        outputs.append(connected.dbt(*RUN_BOUNTY, ok=False).output)
        outputs.append(connected.backfill("--table", "BountyMetric", ok=False).output)
        process.kill()

    connected.postgres(
        """insert into "BountyMetric" ("bountyId", timeframe) select n, 'AllTime' from generate_series(5000, 12000) as n"""
    )
    connected.start(*command, until=": range 2 of", then=intrude)
    assert len(outputs) == 2
    for output in outputs:
        assert f"The chDB folder {connected.chdb} is in use by another process" in output


def test_range_key_that_may_be_null(connected: Project) -> None:
    connected.postgres("""alter table "BountyMetric" drop constraint "BountyMetric_pkey", alter "bountyId" drop not null""")
    assert "The range key bountyId of BountyMetric may be null" in connected.dbt(*RUN_BOUNTY, ok=False).output


def test_interrupted_by_the_keyboard_or_a_closed_pipe(connected: Project) -> None:
    """Control-C stops the whole backfill, not one table; a reader that goes, as `| head` does, ends it."""
    rows = 'insert into "BountyMetric" ("bountyId", timeframe) select n, \'AllTime\' from generate_series(5000, 12000) as n'
    connected.postgres(rows)
    command = [sys.executable, "scripts/backfill.py", "--table", "BountyMetric", "--table", "TagMetric", "--batch-size", "1"]

    ran = connected.start(*command, until=": range 2 of", then=lambda process: process.send_signal(signal.SIGINT))
    assert ran.code != 0
    assert "Unknown error" not in ran.output and "stg_tag_metrics" not in ran.output
    piped = connected.start_beside(*command)
    assert len([*itertools.islice(piped.lines, 2)]) == 2
    piped.lines.close()
    assert piped.wait() == 141  # as by SIGPIPE
    connected.value("select 1")  # the folder is free
