"""Connecting a source, and where its password goes."""

import os
import pty
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import yaml
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

from conftest import PASSWORD
from entity_metrics import PROJECT
from harness import LOGGED, Project


def files_with(folder: Path, secret: str) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
    }


def test_connect_says_what_it_found(project: Project) -> None:
    project.postgres("""alter table "TagMetric" drop column "postCount"; drop table "UserMetric" """)
    ran = project.connect()
    assert "PostgreSQL 18" in ran.output
    found = {line.split()[0]: line.split()[1:] for line in ran.output.splitlines() if line.split()[0].endswith("Metric")}
    assert found["BountyMetric"] == ["505"]
    assert found["TagMetric"] == ["505", "postCount"]
    assert found["UserMetric"] == ["the", "table"]
    assert "allow_missing_columns" in ran.output
    project.connect()  # again, over what is there


def test_connect_refuses_a_database_of_another_kind(project: Project) -> None:
    project.rows("create database postgres_source")
    assert "no PostgreSQL database" in project.connect(ok=False).output


def test_the_password_stays_in_the_named_collection(connected: Project) -> None:
    """In no file of target/, logs/ or chDB but the collection's own, and in no output, whether all goes well or not."""
    connected.environment |= LOGGED
    secret = "s3cret-Pa55"
    assert secret in PASSWORD
    outputs = [connected.connect().output]
    outputs.append(connected.backfill("--table", "BountyMetric").output)
    outputs.append(connected.dbt("build", "--select", "tag_metrics", "--log-level", "debug").output)
    connected.postgres("""drop table "BountyMetric" """)
    outputs.append(connected.backfill("--table", "BountyMetric", ok=False).output)
    outputs.append(connected.dbt("run", "--select", "bounty_metrics", "--log-level", "debug", ok=False).output)
    outputs.append(connected.connect(ok=False, PGUSER="nobody").output)
    outputs.append(connected.connect(ok=False, PGPORT="1").output)
    assert not [output for output in outputs if secret in output]
    connected.release()
    assert files_with(connected.folder, secret) == {".chdb/named_collections/postgres_source.sql"}
    assert (connected.folder / "logs/dbt.log").stat().st_size > 10_000
    assert (connected.folder / "target/run").is_dir()


def test_a_live_bar_in_a_terminal(connected: Project) -> None:
    """In a terminal each table has a bar with rows, speed and time left; dbt's own lines are not shown."""
    connected.release()
    output = b""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(connected.folder)
        os.execve(
            sys.executable,
            [sys.executable, "scripts/backfill.py", "--table", "BountyMetric"],
            connected.environment | {"TERM": "xterm", "COLUMNS": "150"},
        )
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        output += chunk
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, output.decode()
    text = output.decode()
    assert "━" in text and "rows/s" in text and "reconciled" in text
    assert ": range 1 of" not in text


@pytest.mark.parametrize("output", ["server", "replicated", "cloud"])
def test_outputs_of_the_example_profile(output: str) -> None:
    """Each is one that dbt-clickhouse takes, with the session in UTC; where there are replicas, with consistent reads."""
    set_invocation_context({})
    set_from_args(Namespace(project_dir=str(PROJECT), profiles_dir=str(PROJECT)), None)
    raw = yaml.safe_load((PROJECT / "profiles.yml.example").read_text())["entity_metrics"]
    credentials = Profile.from_raw_profile_info(raw, "entity_metrics", ProfileRenderer({}), output).credentials
    settings = credentials.custom_settings
    assert settings["session_timezone"] == "UTC"
    consistent = settings.get("select_sequential_consistency") == 1 or credentials.database_engine == "Shared"
    assert consistent == (output != "server")


def test_what_is_refused_never_shows_the_password(connected: Project) -> None:
    """A statement that the engine refuses is quoted in its message, escaped, as it once was printed: it is not passed on."""
    from entity_metrics.source import _without_statement

    variables = connected.folder / "dbt_project.yml"
    text = variables.read_text()
    variables.write_text(text.replace("source_collection: postgres_source ", "source_collection: my-source "))
    refused = connected.connect(ok=False, PGPASSWORD="it's-a-s3cret")
    assert "The var source_collection is 'my-source': give a name of letters, digits and underscores." in refused.output
    assert "s3cret" not in refused.output
    variables.write_text(text)
    quoted = "Code: 62. DB::Exception: Syntax error: failed at position 27 (-): -c as password='it\\'s-a-s3cret'. (SYNTAX_ERROR)"
    told = _without_statement(quoted, "postgres_source").sentence
    assert told.startswith("ClickHouse refuses to make the named collection postgres_source (Code: 62, SYNTAX_ERROR)")
    assert "s3cret" not in told
    denied = _without_statement("Code: 497. DB::Exception: u: Not enough privileges. password='x' (ACCESS_DENIED)", "c")
    assert "grant it NAMED COLLECTION ADMIN" in denied.sentence
    assert _without_statement("HTTPConnectionPool(host='h'): password='x'", "c").transient


def test_rows_that_row_level_security_hides(connected: Project) -> None:
    """Connecting says so, since no run can."""
    connected.postgres('alter table "TagMetric" enable row level security')
    with connected.server.connect(connected.database) as connection:
        connection.execute("create role hidden login password 'hidden'")
        connection.execute("grant select on all tables in schema public to hidden")
    try:
        ran = connected.connect(PGUSER="hidden", PGPASSWORD="hidden")
        assert (
            "Error: row level security of TagMetric hides rows from this user (there is no policy, so it hides all)" in ran.output
        )
    finally:
        with connected.server.connect(connected.database) as connection:
            connection.execute("drop owned by hidden; drop role hidden")
