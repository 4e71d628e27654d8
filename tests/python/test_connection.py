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
from harness import Project


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
