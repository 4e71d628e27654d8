"""README and docs say what is so: every command is run or checked, and every name, default, figure and link is right."""

import csv
import re
import shlex
import subprocess
from dataclasses import dataclass

import click
import pytest
import yaml
from dbt.cli.main import cli as dbt_cli

from entity_metrics import PROJECT
from entity_metrics.cli import VERBS, verb
from entity_metrics.commands.backfill import request_of
from harness import Project
from pages import (
    CURRENT,
    PAGES,
    anchors,
    commands,
    exists,
    fences,
    links,
    macro_arguments,
    models,
    paths,
    prose,
    table_rows,
    tables,
)

HERE = "run by test_commands_of_one_table"
PARSED = "its options, and what it names, are checked by test_commands_are_as_the_programs_take_them"


@dataclass(frozen=True)
class By:
    """Another test file runs it. text: what is in that file, so that a test that goes is missed."""

    file: str
    text: str


LOOP = "base=$(git merge-base HEAD main)"
"""The first line of the block in CONTRIBUTING.md that shows which SQL a change changes."""

REJECTS = (
    "dbt show --limit 20 --inline \"select * from {{ ref('brand_visibility_rejects') }} where reason = 'unknown_competitor'\""
)

COMMANDS = {
    ". .venv/bin/activate": PARSED,
    ".venv/bin/python -m pytest tests/python/test_staging.py": PARSED,
    LOOP: "run by test_sql_of_a_change",
    "dbt build": By("test_server.py", 'served.dbt("build", "--target", "server"'),
    "dbt build --select +buzz_tip": PARSED,
    "dbt build --select bounty_metrics": HERE,
    "dbt build --select bounty_metrics --vars '{dry_run: true}'": By(
        "test_jobs.py", '"bounty_metrics", "--vars", "{dry_run: true}"'
    ),
    "dbt build --select brand_visibility": By("test_brand_visibility.py", 'dbt("build"'),
    "dbt build --select source_events": By("test_source_events.py", '"build"'),
    "dbt build --select source_events --vars '{counted_from: {\"*\": source_events}}'": By("test_packages.py", "counted_from"),
    "dbt docs generate": PARSED,
    "dbt ls --select +bounty_metrics": HERE,
    "dbt run --select bounty_metrics": By("test_bad_input.py", '["run", "--select", "bounty_metrics"]'),
    "dbt run --select bounty_metrics --exclude stg_bounty_metrics": HERE,
    "dbt run --select bounty_metrics --full-refresh": By("test_staging.py", '"--full-refresh", *small_ranges(200)'),
    "dbt run --select bounty_metrics --vars '{max_removed_share: 1}'": By("test_packages.py", "max_removed_share: 1"),
    "dbt run-operation break_lease": By("test_leases.py", '"run-operation", "break_lease"'),
    "dbt run-operation break_lease --args '{name: bounty_metrics}'": By("test_leases.py", '"break_lease", "--args"'),
    "dbt run-operation rollback_brand_visibility": By("test_brand_visibility.py", "rollback_brand_visibility"),
    "dbt seed": HERE,
    "dbt show --limit 100 --inline 'select * from entity_metrics_dbt_test__audit.reconcile_bounty_metrics'": HERE,
    REJECTS: PARSED,
    "dbt test --select bounty_metrics": HERE,
    "dbt test --select entity_metric_events": By("test_counting_once.py", "counted_once"),
    "entity-metrics backfill --all": By("test_jobs.py", 'backfill("--all")'),
    "entity-metrics backfill --all --dry-run": PARSED,
    "entity-metrics backfill --all --output json": By("test_command_line.py", '"--output", "json")'),
    "entity-metrics backfill --job brand_visibility": By("test_brand_visibility.py", 'backfill("--job", JOB)'),
    "entity-metrics backfill --job source_events": By("test_source_events.py", 'backfill("--job", JOB'),
    "entity-metrics backfill --job source_events --counted-from '*=source_events'": By(
        "test_command_line.py", '"*=source_events"'
    ),
    "entity-metrics backfill --job source_events --counted-from Bounty=source_events": PARSED,
    "entity-metrics backfill --job source_events --package buzz_tip --cutoff '2024-08-07 15:44:39.044'": PARSED,
    "entity-metrics backfill --job source_events --package buzz_tip --cutoff none": By(
        "test_command_line.py", '"--cutoff", "none"'
    ),
    "entity-metrics backfill --table BountyMetric": HERE,
    "entity-metrics backfill --table BountyMetric --date 2025-01-21": By("test_jobs.py", '"--table", "BountyMetric", "--date"'),
    "entity-metrics backfill --table ImageMetric --limit-batches 1 --batch-size 100000": By(
        "test_jobs.py", '"--limit-batches", "1"'
    ),
    "entity-metrics benchmark --job image_metrics --rows 1000000 --other-rows 0": PARSED,
    "entity-metrics connect": By("test_connection.py", "connect()"),
    "entity-metrics connect --sample": By("test_sample_site.py", '"--sample"'),
    "entity-metrics connect --source brand_visibility": By("test_server.py", '"--source", "brand_visibility"'),
    "entity-metrics doctor": HERE,
    "make PYTHON=python3.12 demo": PARSED,
    "make PYTHON=python3.12 setup": PARSED,
    "make benchmark": PARSED,
    "make benchmark JOB=brand_visibility ROWS=1000000": PARSED,
    "make benchmark JOB=image_metrics ROWS=4000000": PARSED,
    "make benchmark JOB=source_events ROWS=2000000": PARSED,
    "make clean": PARSED,
    "make demo": PARSED,
    "make lint": PARSED,
    "make lock PYTHON=python3.11": PARSED,
    "make setup": PARSED,
    "make stop": PARSED,
    "make test": PARSED,
    "pre-commit install": PARSED,
}

VARS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
REFERENCE = PAGES["docs/reference.md"]
REGISTRY = list(csv.DictReader((PROJECT / "seeds" / "metrics.csv").open()))


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
    takers = {"entity-metrics": takes_verb, "dbt": takes_dbt, "make": takes_make}
    for command in documented():
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
    connected.dbt_here("seed")
    assert " checked: 0 errors, " in connected.command("doctor").output
    listed = connected.dbt_here("ls", "--select", "+bounty_metrics").output
    assert ".published_bounty_metrics" in listed and ".post_metrics" not in listed
    for command in ("build", "test"):
        assert connected.dbt_here(command, "--select", "bounty_metrics").that("pass")
    again = connected.dbt_here("run", "--select", "bounty_metrics", "--exclude", "stg_bounty_metrics")
    assert {"bounty_metric_events", "bounty_metrics"} <= again.that("success") and "stg_bounty_metrics" not in again.statuses
    shown = [shape(line) for line in connected.command("backfill", "--table", "BountyMetric").output.splitlines()]
    promised = next(fence.text for fence in fences(PAGES["README.md"]) if fence.text.startswith("$ entity-metrics backfill"))
    assert [line for line in promised.splitlines()[1:] if shape(line) not in shown] == []
    stored = "select * from entity_metrics_dbt_test__audit.reconcile_bounty_metrics"
    assert "sample_entity_ids" in connected.dbt_here("show", "--limit", "100", "--output", "json", "--inline", stored).output
    queries = [fence.text for page in CURRENT.values() for fence in fences(page) if fence.language == "sql"]
    runs, failed, published = (connected.rows(query) for query in queries)
    assert {run[1] for run in runs} == {"seed", "run", "test", "build"} and not failed
    assert [(row[0], row[3]) for row in published] == [("bounty_metrics", len(connected.bounty_source()))]


def shape(line: str) -> list[str]:
    """The words of a line, a number as N."""
    return [re.sub(r"^[\d,.]*\d$", "N", word) for word in line.split()]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for link in links(PAGES[name]):
        path, _, anchor = link.partition("#")
        target = (PROJECT / name).parent.joinpath(path).resolve() if path else PROJECT / name
        assert target.exists(), f"{name}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{name}: {link}"


@pytest.mark.parametrize("name", CURRENT)
def test_files_are_there_and_lines_are_short(name: str) -> None:
    assert [path for path in paths(CURRENT[name]) if not exists(path)] == []
    assert [line for line in prose(CURRENT[name]).splitlines() if len(line) > 130 and not line.startswith("|")] == []


def test_vars_are_those_of_the_project() -> None:
    listed = {row[0].strip("`"): yaml.safe_load(row[1].strip("`")) for row in tables(REFERENCE)["Vars"]}
    assert listed == VARS


def test_verbs_and_options_are_those_of_the_command() -> None:
    """Every verb has a section, every option a row with its default, and nothing else has."""
    taken = {}
    for name in VERBS:
        command = verb(name)
        subcommands = command.commands if isinstance(command, click.Group) else {"": command}
        taken |= {f"entity-metrics {name} {sub}".strip(): each for sub, each in subcommands.items()}
    listed = {heading: rows for heading, rows in tables(REFERENCE).items() if heading.startswith("entity-metrics")}
    assert set(listed) == set(taken)
    for heading, command in taken.items():
        options = {option.opts[0]: option for option in command.params}
        rows = {row[0].strip("`"): row[1] for row in listed[heading]}
        assert set(rows) == set(options), heading
        for name, option in options.items():
            if option.show_default and not option.is_flag:
                assert rows[name] == f"`{option.default}`", f"{heading} {name}"


def test_environment_variables_are_those_of_the_profile() -> None:
    listed = {row[0].split("`")[1] for row in tables(REFERENCE)["Environment variables"]}
    read = set(re.findall(r"env_var\('(\w+)'", (PROJECT / "profiles.yml.example").read_text()))
    assert read <= listed


def test_tests_are_those_of_the_project() -> None:
    """Each generic test has a row that says what to do, and each row is of a test that there is."""
    rows = [*tables(PAGES["docs/operations.md"])["When a test fails"], *tables(PAGES["docs/brand-visibility.md"])["Tests"]]
    listed = {name for row in rows for name in re.findall(r"\w+", row[1])}
    there = {path.stem for path in (PROJECT / "tests" / "generic").glob("*.sql")}
    assert listed - {"accepted_values", "not_null", "unique"} == there


def test_figures_are_those_of_the_registry() -> None:
    legacy, source = ({i for i, row in enumerate(REGISTRY) if row[column]} for column in ("legacy_table", "package"))
    counted = f"has {len(REGISTRY)} rows. {len(legacy)} quantities are totals of the legacy tables, {len(source)} come from"
    concepts = " ".join(PAGES["docs/concepts.md"].split())
    assert f"{counted} the packages, and {len(legacy & source)} are both." in concepts
    agreements = {
        row[0].strip("`"): int(row[1]) for row in tables(PAGES["docs/concepts.md"])["What must be equal, and what may differ"]
    }
    assert agreements == {name: sum(row["agreement"] == name for row in REGISTRY) for name in agreements}
    readme = " ".join(PAGES["README.md"].split())
    assert f"{len(legacy)} totals" in readme and f"in {len({row['package'] for row in REGISTRY} - {''})} packages" in readme
    assert f"{len(legacy & source)} quantities could be counted by the first two jobs." in readme


def test_packages_are_those_of_the_registry() -> None:
    """Entity types and metric types of each package, as docs/source-events.md lists them."""
    listed = set()
    for package, _, events in tables(PAGES["docs/source-events.md"])["Packages"]:
        for part in events.replace(", for the owner", "").split("; "):
            entity_types, _, names = part.partition(": ")
            names = names.replace("reactions", "Like, Dislike, Laugh, Cry, Heart")
            for entity_type in entity_types.split(", "):
                listed |= {(package.strip("`"), entity_type, name) for name in names.split(", ")}
    spelled = {entry for entry in listed if entry[1] == "what the row spells"}
    known = {(row["package"], row["entity_type"], row["source_metric"]) for row in REGISTRY if row["package"]}
    for package, _, name in spelled:
        known -= {entry for entry in known if entry[0] == package and entry[2] == name and entry[1] != "User"}
    assert listed - spelled == known


def test_what_the_tests_read_is_there() -> None:
    """A page without tables, or without commands, would pass everything."""
    assert len(documented()) > 40 and len(table_rows(REFERENCE)) > 80 and len(links(PAGES["README.md"])) > 10
