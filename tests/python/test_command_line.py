"""The command line itself: verbs, options, output for programs, and what it says when something is not there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from entity_metrics import cli
from entity_metrics.commands import backfill
from entity_metrics.jobs import BRAND_VISIBILITY, JOBS, METRIC_TABLES, PACKAGES, TABLES, folder_of
from harness import Project


def invoke(*arguments: str) -> tuple[int, str]:
    """A verb in this process, as far as it gets by its options."""
    done = CliRunner().invoke(cli.cli, [*arguments])
    return done.exit_code, done.output


def request(*arguments: str) -> backfill.Request:
    """What `backfill` would run."""
    return backfill.request_of(backfill.command.make_context("backfill", [*arguments]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--table", "NoSuchMetric"], "'NoSuchMetric' is not one of 'BountyMetric'"),
        (["--table", "BountyMetric", "--date", "2025-13-41"], "'2025-13-41' does not match the format '%Y-%m-%d'"),
        ([], "Give either --all, or --table once or more."),
        (["--all", "--batch-size", "0"], "0 is not in the range"),
        (["--all", "--max-removed-share", "2"], "2.0 is not in the range 0<=x<=1"),
        (["--all", "--package", "buzz_tip"], "--package goes with --job source_events, not with --job metric_tables."),
        (["--job", "source_events", "--date", "2025-01-01"], "--date goes with --job metric_tables"),
        (
            ["--job", "brand_visibility", "--counted-from", "Post=metric_tables"],
            "--counted-from goes with --job metric_tables or",
        ),
        (["--all", "--counted-from", "Post"], "'Post': give '*', an entity type or a quantity"),
        (["--all", "--counted-from", "Post=nobody"], "'Post=nobody': give"),
        (["--all", "--allow-empty-slice"], "No such option '--allow-empty-slice'"),
        (["--all", "--output", "xml"], "'xml' is not one of 'text', 'json'"),
    ],
)
def test_wrong_usage(arguments: list[str], sentence: str) -> None:
    code, output = invoke("backfill", *arguments)
    assert code == 2
    assert sentence in " ".join(output.split())


def test_options_become_vars() -> None:
    wanted = request("--all", "--date", "2025-03-31", "--batch-size", "7", "--max-removed-share", "1", "--allow-missing-columns")
    assert wanted.variables == {
        "backfill_date": "2025-03-31",
        "range_size": 7,
        "max_removed_share": 1,
        "allow_missing_columns": True,
    }
    assert wanted.units == list(TABLES) and not wanted.is_trial
    assert request("--table", "TagMetric", "--table", "BountyMetric").units == ["BountyMetric", "TagMetric"]
    counted = request("--job", "source_events", "--counted-from", "*=source_events", "--counted-from", "Post.Like=metric_tables")
    assert counted.variables == {"counted_from": {"*": "source_events", "Post.Like": "metric_tables"}}
    assert counted.units == list(PACKAGES)
    assert request("--job", "source_events", "--cutoff", "none").variables == {"source_events_cutoff": None}
    assert request("--job", BRAND_VISIBILITY, "--dry-run").is_trial and request("--all", "--limit-batches", "1").is_trial
    assert request("--all", "--concurrency", "3", "--full-refresh").dbt_options == ["--full-refresh", "--threads", "3"]


def test_every_verb_explains_itself() -> None:
    code, output = invoke("--help")
    assert code == 0 and all(verb in output for verb in cli.VERBS)
    for verb in cli.VERBS:
        code, output = invoke(verb, "--help")
        assert code == 0 and ("--debug" in output or verb in ("cache", "sample")), output
    assert invoke("nosuch")[0] == 2


def test_units_are_what_the_project_has(prepared) -> None:
    """Each unit of each job has its models, parents first, and all tests of them; none has another unit's."""
    manifest = prepared("source_events", None).manifest()
    for unit in JOBS[METRIC_TABLES].units(manifest, list(TABLES)):
        assert list(unit.models) == [f"stg_{folder_of(unit.name)}", unit.events, unit.published]
        assert any(test.endswith(f".reconcile_{unit.published}") for test in unit.models[unit.events])
    for unit in JOBS["source_events"].units(manifest, list(PACKAGES)):
        assert list(unit.models)[-2:] == [unit.events, unit.published]
        assert all(name.startswith("stg_") for name in list(unit.models)[:-2])
        assert unit.source in unit.models or "." in unit.source
    assert folder_of("BountyEntryMetric") == "bounty_entry_metrics"


UNIT = {
    "name": str,
    "result": str,
    "succeeded": bool,
    "failure": (str, type(None)),
    "failed_tests": list,
    "warnings": dict,
    "source_rows": int,
    "events": int,
    "published": (int, type(None)),
    "counted": list,
    "left": list,
    "appended": (int, type(None)),
    "seconds": float,
    "comparisons": list,
}
COMPARISON = {
    "entity_type": str,
    "quantity": str,
    "agreement": str,
    "legacy_total": int,
    "event_total": int,
    "difference": int,
    "entities_compared": int,
    "entities_equal": int,
    "entities_that_differ": int,
    "entities_overcounted": int,
    "entities_newer": int,
    "entities_without_legacy_row": int,
    "reason": str,
    "problem": str,
    "coverage": (float, type(None)),
}


def test_json_for_programs(connected: Project) -> None:
    """One document on standard output alone, progress on standard error; its keys and types are a promise."""
    done, progress = connected.command_apart("backfill", "--table", "BountyMetric", "--table", "TagMetric", "--output", "json")
    document = json.loads(done.output)
    assert "BountyMetric" not in progress or "range 1 of 1" in progress
    assert {name: type(value) for name, value in document.items()} == {
        "command": str,
        "job": str,
        "target": str,
        "trial": bool,
        "event_table": str,
        "succeeded": bool,
        "sentence": str,
        "run_ids": list,
        "units": list,
    }
    assert document["succeeded"] and done.code == 0
    for unit in document["units"]:
        assert set(unit) == set(UNIT) and all(isinstance(unit[name], kind) for name, kind in UNIT.items())
        for row in unit["comparisons"]:
            assert set(row) == set(COMPARISON) and all(isinstance(row[name], kind) for name, kind in COMPARISON.items())
    bounty = document["units"][0]
    assert (bounty["published"], bounty["left"]) == (len(connected.bounty_source()), [])
    assert {row["coverage"] for row in bounty["comparisons"]} == {1.0}
    kept = connected.rows("select distinct run_id from entity_metrics.publish_log order by all")
    assert {run_id for (run_id,) in kept} <= set(document["run_ids"])

    found, _ = connected.command_apart("connect", "--output", "json")
    document = json.loads(found.output)
    assert set(document["sources"][0]) == {
        *("source", "host", "database", "schema", "clickhouse_database", "server_version", "tables", "findings")
    }
    assert {"name": "BountyMetric", "found": True, "rows": 505, "missing": [], "lacks_required": False} in document["sources"][0][
        "tables"
    ]


def test_surroundings_that_lack_something(connected: Project) -> None:
    """No profiles.yml, an unknown target, no vars, no logs folder: a sentence with the remedy. The traceback is kept."""
    unknown = connected.backfill("--all", "--target", "nosuch", ok=False)
    outputs = "embedded, server, replicated, cloud"
    assert (
        f"profiles.yml has no output nosuch for entity_metrics: give one of its outputs to --target: {outputs}." in unknown.output
    )
    assert "The traceback is in logs/entity-metrics.log" in unknown.output and "Traceback (most" not in unknown.output
    assert "Traceback (most recent call last)" in (connected.folder / "logs/entity-metrics.log").read_text()
    debugged = connected.backfill("--all", "--target", "nosuch", "--debug", ok=False)
    assert "Traceback (most recent call last)" in debugged.output
    (connected.folder / "profiles.yml").rename(connected.folder / "away")
    assert "There is no profile entity_metrics: run `make setup`" in connected.backfill("--all", ok=False).output
    (connected.folder / "away").rename(connected.folder / "profiles.yml")
    declared = connected.folder / "dbt_project.yml"
    declared.write_text(declared.read_text().replace("\nvars:", "\nseldom:"))
    for said in (connected.connect(ok=False).output, connected.command("doctor", ok=False).output):
        assert "dbt_project.yml declares no vars" in said


def test_a_narrow_terminal_that_knows_ascii_only(connected: Project) -> None:
    """Names with emoji in a dry run, lines of 40 characters, no UTF-8: the output is poorer, and nothing stops."""
    narrow = {"COLUMNS": "40", "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    connected.postgres("""update "BuzzTip" set "entityType" = 'Art 🎨' where "entityType" = 'Article'""")
    connected.release()
    code = "import sys; sys.path.insert(0, 'scripts'); from entity_metrics.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "backfill", "--table", "BountyMetric", "--dry-run"],
        cwd=connected.folder,
        env=connected.environment | narrow,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "was not touched" in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("BountyMetric") and "reconciled" in line]
    say = "from entity_metrics.terminal import console, say; say(console(), 'Art \\U0001f3a8')"
    said = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, 'scripts'); {say}"],
        cwd=connected.folder,
        env=os.environ | narrow,
        capture_output=True,
        text=True,
    )
    assert (said.returncode, said.stdout) == (0, "Art ?\n"), said.stderr


def test_an_empty_chdb_path_is_the_default(connected: Project) -> None:
    """Not the folder of the project, where the engine's files, password included, would be in the way of git."""
    connected.command("doctor", "--source", "postgres", ok=None, ENTITY_METRICS_CHDB_PATH="")
    assert not (connected.folder / "named_collections").exists() and not (connected.folder / "store").exists()


def test_folders_with_passwords_are_nobody_elses(connected: Project) -> None:
    connected.release()
    for folder in (connected.chdb, connected.chdb / "named_collections"):
        assert oct(Path(folder).stat().st_mode & 0o077) == "0o0", folder
