"""Every command in README and docs is run by a test, or is as the program takes it; README's output is what is really printed."""

import re
import shlex
import subprocess
from dataclasses import dataclass

import click
import pytest
import yaml
from dbt.cli.main import cli as dbt_cli

from entity_metrics import PROJECT
from entity_metrics.cli import verb
from entity_metrics.commands.backfill import request_of
from harness import Project
from pages import CURRENT, PAGES, commands, exists, fences, macro_arguments, models

HERE = "run by test_commands_of_one_table"
PARSED = "its options, and what it names, are checked by test_commands_are_as_the_programs_take_them"


@dataclass(frozen=True)
class By:
    """Another test file runs it. text: what is in that file, so that a test that goes is missed."""

    file: str
    text: str


REJECTS = (
    "dbt show --limit 20 --inline \"select * from {{ ref('brand_visibility_rejects') }} where reason = 'unknown_competitor'\""
)

COMMANDS = {
    ". .venv/bin/activate": PARSED,
    ".venv/bin/python -m pytest tests/python/test_staging.py": PARSED,
    "dbt build": By("test_server.py", 'served.dbt("build", "--target", "server"'),
    "dbt build --select +buzz_tip": PARSED,
    "dbt build --select bounty_metrics": By("test_jobs.py", '"build", "--select", "bounty_metrics"'),
    "dbt build --select bounty_metrics --vars '{dry_run: true}'": By(
        "test_jobs.py", '"bounty_metrics", "--vars", "{dry_run: true}"'
    ),
    "dbt build --select brand_visibility": By("test_brand_visibility.py", 'dbt("build"'),
    "dbt build --select brand_visibility --vars '{max_removed_share: 1}'": By(
        "test_brand_visibility_guards.py", '"{max_removed_share: 1}"'
    ),
    "dbt build --select source_events": By("test_packages.py", 'dbt("build", "--select", JOB'),
    "dbt build --select source_events --vars '{counted_from: {\"*\": source_events}}'": By(
        "test_packages.py", '"--vars", FROM_SOURCES'
    ),
    "dbt docs generate": By("test_report.py", '"docs", "generate"'),
    "dbt ls --select +bounty_metrics": By("test_jobs.py", '"ls", "--select", "+bounty_metrics"'),
    "dbt run --select bounty_metrics": By("test_bad_input.py", '["run", "--select", "bounty_metrics"]'),
    "dbt run --select bounty_metrics --exclude stg_bounty_metrics": HERE,
    "dbt run --select bounty_metrics --full-refresh": By("test_staging.py", '"--full-refresh", *small_ranges(200)'),
    "dbt run --select bounty_metrics --vars '{max_removed_share: 1}'": By(
        "test_jobs.py", '"bounty_metrics", "--vars", variables'
    ),
    "dbt run-operation break_lease": By("test_leases.py", '"run-operation", "break_lease"'),
    "dbt run-operation break_lease --args '{name: bounty_metrics}'": By("test_leases.py", '"break_lease", "--args"'),
    "dbt run-operation rollback_brand_visibility": By("test_brand_visibility.py", "rollback_brand_visibility"),
    "dbt seed": By("test_extending.py", "project.dbt(*shlex.split(command)[1:])"),
    "dbt show --limit 100 --inline 'select * from entity_metrics_dbt_test__audit.reconcile_bounty_metrics'": HERE,
    REJECTS: PARSED,
    "dbt test --select bounty_metrics": By("test_jobs.py", '"test", "--select", "bounty_metrics"'),
    "dbt build --full-refresh --select totals": By("test_totals.py", '"build", "--full-refresh", "--select", "totals"'),
    "dbt build --select +user_engagement --vars '{publish_strategy: append}'": PARSED,
    "dbt build --select legacy_tables": PARSED,
    "dbt build --select user_totals": By("test_user_totals.py", '"build", "--select", "user_totals"'),
    "dbt build --select +user_totals": PARSED,
    "dbt build --full-refresh --select user_totals": By("test_user_totals.py", '"--full-refresh", "--select", "user_totals"'),
    "dbt test --select user_totals": By("test_user_totals.py", '"test", "--select", "user_totals"'),
    "dbt build --select totals": By("test_totals.py", '"build", "--select", "totals"'),
    "dbt test --select totals": By("test_totals.py", '"test", "--select", "totals"'),
    "dbt test --select named_events": By("test_counting_once.py", "counted_once"),
    "dbt build --select audit": By("test_audit.py", '"build", "--select", "audit"'),
    "entity-metrics audit": By("test_audit.py", 'command("audit", ok=False)'),
    "entity-metrics audit --only Bounty --only Post.Like": PARSED,
    "entity-metrics audit --output json": By("test_audit.py", '"--output", "json"'),
    "entity-metrics audit --sample 0.01": PARSED,
    "entity-metrics cutover": By("test_cutover.py", 'command("cutover"'),
    "entity-metrics cutover --table ImageMetric": PARSED,
    "entity-metrics backfill --all": By("test_backfill.py", 'backfill("--all")'),
    "entity-metrics backfill --all --dry-run": PARSED,
    "entity-metrics backfill --all --output json": By("test_command_line.py", '"--output", "json")'),
    "entity-metrics backfill --job brand_visibility": By("test_brand_visibility.py", 'backfill("--job", JOB)'),
    "entity-metrics backfill --job source_events": By("test_backfill.py", 'backfill("--job", JOB'),
    "entity-metrics backfill --job source_events --counted-from '*=source_events'": By(
        "test_command_line.py", '"*=source_events"'
    ),
    "entity-metrics backfill --job source_events --counted-from Bounty=source_events": PARSED,
    "entity-metrics backfill --job source_events --package buzz_tip --cutoff '2024-08-07 15:44:39.044'": PARSED,
    "entity-metrics backfill --job source_events --package buzz_tip --cutoff none": By(
        "test_command_line.py", '"--cutoff", "none"'
    ),
    "entity-metrics backfill --table BountyMetric": HERE,
    "entity-metrics backfill --table BountyMetric --date 2025-01-21": By("test_command_line.py", '"--date", "2025-03-31"'),
    "entity-metrics backfill --table ImageMetric --limit-batches 1 --batch-size 100000": By(
        "test_backfill.py", '"--limit-batches", "1", "--batch-size", "50"'
    ),
    "entity-metrics benchmark --job image_metrics --rows 1000000 --other-rows 0": PARSED,
    "entity-metrics connect": By("test_connection.py", "connect()"),
    "entity-metrics connect --sample": PARSED,
    "entity-metrics connect --source brand_visibility": By("test_server.py", '"--source", "brand_visibility"'),
    "entity-metrics follow": PARSED,
    "entity-metrics follow --dry-run": PARSED,
    "entity-metrics follow --package user_engagement --every 60s": PARSED,
    "entity-metrics cache check": By("test_cache_tools.py", '"cache", "check"'),
    "entity-metrics cache clear": By("test_cache_tools.py", '"cache", "clear"'),
    "entity-metrics cache refresh": By("test_cache_tools.py", '"cache", "refresh"'),
    "entity-metrics cache warm": By("test_cache_tools.py", '"cache", "warm", **where'),
    "entity-metrics cache warm --entity-type Model": By("test_cache_tools.py", '"cache", "warm", "--entity-type", "Model"'),
    "entity-metrics cache warm --every 60s --metrics-port 9464": PARSED,
    "entity-metrics report": By("test_report.py", '"report", ok=False'),
    "entity-metrics report --open": By("test_report.py", '"report", "--open"'),
    "entity-metrics report --output json": By("test_report.py", '"report", "--output", "json"'),
    "entity-metrics diff --base HEAD": PARSED,
    "entity-metrics diff --base HEAD --output json": By("test_diff.py", 'document("--base", "HEAD"'),
    "entity-metrics diff --base main --fail-on removed-rows,changed-totals": By("test_diff.py", '"removed-rows,changed-totals"'),
    "entity-metrics diff --base main --given --range-limit 2": PARSED,
    "entity-metrics diff --base main --select bounty_metrics": By("test_diff.py", '"--select", "bounty_metrics"'),
    "entity-metrics diff --base v1 --head v2 --output markdown": PARSED,
    "entity-metrics get Model 1 2 3": By("test_cache_tools.py", 'command("get", "Image"'),
    "entity-metrics get User 1 2 3": By("test_cached_users.py", 'command("get", "User"'),
    "entity-metrics doctor": By("test_doctor.py", 'connected.command("doctor")'),
    "make PYTHON=python3.12 demo": PARSED,
    "make PYTHON=python3.12 setup": PARSED,
    "make benchmark": PARSED,
    "make benchmark JOB=brand_visibility ROWS=1000000": PARSED,
    "make benchmark JOB=follow ROWS=4000000": PARSED,
    "make benchmark JOB=image_metrics ROWS=4000000": PARSED,
    "make benchmark JOB=lookups ROWS=10000000": PARSED,
    "make benchmark JOB=refresh ROWS=20000000": PARSED,
    "make benchmark JOB=source_events ROWS=2000000": PARSED,
    "make benchmark JOB=users ROWS=5000000": PARSED,
    "make clean": PARSED,
    "make demo": PARSED,
    "make diff BASE=main": PARSED,
    "make lint": PARSED,
    "make pictures": PARSED,
    "make lock PYTHON=python3.11": PARSED,
    "make setup": PARSED,
    "make stop": PARSED,
    "make test": PARSED,
    "make torture KILLS=20": PARSED,
    "pre-commit install": PARSED,
}

VARS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]


def documented() -> list[str]:
    """Of the pages; of a block of several lines the first."""
    return list(dict.fromkeys(command.splitlines()[0] for page in CURRENT.values() for command in commands(page)))


def test_every_command_is_known() -> None:
    """A new command needs a row in COMMANDS, and one that went takes its row along. The other test still runs it."""
    assert sorted(set(documented()) - set(COMMANDS)) == []
    assert sorted(set(COMMANDS) - set(documented())) == []
    for command, how in COMMANDS.items():
        if isinstance(how, By):
            assert how.text in (PROJECT / "tests" / "python" / how.file).read_text(), f"{how.file} does not run: {command}"


def test_commands_are_as_the_programs_take_them() -> None:
    """Parsed by click, dbt or make themselves. What dbt selects, its vars and the macros that it runs are there."""
    for command in documented():
        taken(command)


@pytest.mark.parametrize(
    "command",
    [
        "entity-metrics backfill --all --nosuch",
        "entity-metrics backfill --job source_events --table BountyMetric",
        "entity-metrics nosuch",
        "dbt build --nosuch",
        "dbt build --select nosuch_metrics",
        "dbt run --vars '{nosuch: 1}'",
        "dbt run-operation nosuch",
        "dbt run-operation break_lease --args '{nosuch: 1}'",
        "make nosuch",
        "python scripts/nosuch.py",
    ],
)
def test_a_wrong_command_is_seen(command: str) -> None:
    page = f"| `{command}` | what it does |\n"
    assert commands(page) == [command]
    with pytest.raises((AssertionError, click.UsageError, LookupError, ImportError)):
        taken(command)


def taken(command: str) -> None:
    """Raises what the program's own parser raises, or AssertionError for a name that is not there."""
    takers = {"entity-metrics": takes_verb, "dbt": takes_dbt, "make": takes_make}
    program, *words = shlex.split(command)
    if program in takers:
        takers[program](command, words)
    else:
        assert all(exists(word) for word in words if "/" in word and not word.startswith(".venv")), command


def takes_verb(command: str, words: list[str]) -> None:
    taker: click.Command = verb(words.pop(0))
    if isinstance(taker, click.Group):
        taker = taker.commands[words.pop(0)]
    context = taker.make_context(command, words)
    if taker.name == "backfill":
        request_of(context)


def takes_dbt(command: str, words: list[str]) -> None:
    taker: click.Command = dbt_cli.commands[words.pop(0)]
    if isinstance(taker, click.Group):
        taker = taker.commands[words.pop(0)]
    given = taker.make_context(command, [*words, "--profiles-dir", str(PROJECT)]).params
    selected = [*(given.get("select") or []), *(given.get("exclude") or []), *re.findall(r"ref\('(\w+)'\)", command)]
    assert {name.strip("+") for name in selected} <= models(), command
    assert set(given.get("vars") or {}) <= set(VARS), command
    if "macro" in given:
        assert set(given["args"] or {}) <= macro_arguments()[given["macro"]], command


def takes_make(command: str, words: list[str]) -> None:
    ran = subprocess.run(["make", "--dry-run", *words], cwd=PROJECT, capture_output=True, text=True)
    assert ran.returncode == 0, f"{command}: {ran.stderr}"


def test_commands_of_one_table(connected: Project) -> None:
    """The commands that are run HERE, and the queries of the pages. README's output has the shape of the real one."""
    shown = [shape(line) for line in connected.command("backfill", "--table", "BountyMetric").output.splitlines()]
    promised = next(fence.text for fence in fences(PAGES["README.md"]) if fence.text.startswith("$ entity-metrics backfill"))
    assert [line for line in promised.splitlines()[1:] if shape(line) not in shown] == []
    again = connected.dbt_here("run", "--select", "bounty_metrics", "--exclude", "stg_bounty_metrics")
    assert {"bounty_metric_events", "bounty_metrics"} <= again.that("success") and "stg_bounty_metrics" not in again.statuses
    stored = "select * from entity_metrics_dbt_test__audit.reconcile_bounty_metrics"
    assert "sample_entity_ids" in connected.dbt_here("show", "--limit", "100", "--output", "json", "--inline", stored).output
    queries = [fence.text for page in CURRENT.values() for fence in fences(page) if fence.language == "sql"]
    runs, failed, published = (connected.rows(query) for query in queries)
    assert {run[1] for run in runs} == {"run", "build"} and not failed
    assert [(row[0], row[3]) for row in published] == [("bounty_metrics", len(connected.bounty_source()))]


def shape(line: str) -> list[str]:
    """The words of a line, a number as N."""
    return [re.sub(r"^[\d,.]*\d$", "N", word) for word in line.split()]
