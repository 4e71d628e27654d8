"""README and docs say what is so: every link, file, var, option, test and figure in them is right."""

import csv
import re

import click
import pytest
import yaml

from entity_metrics import PROJECT
from entity_metrics.cli import VERBS, verb
from pages import CURRENT, PAGES, anchors, exists, links, paths, prose, table_rows, tables

VARS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
REFERENCE = PAGES["docs/reference.md"]
REGISTRY = list(csv.DictReader((PROJECT / "seeds" / "metrics.csv").open()))


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
        options = {option.opts[0]: option for option in command.params if isinstance(option, click.Option)}
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
    readme, events = (" ".join(PAGES[page].split()) for page in ("README.md", "docs/source-events.md"))
    packages = len({row["package"] for row in REGISTRY} - {""})
    assert f"{len(legacy)} totals" in readme and f"in {packages} packages" in readme
    assert f"the {packages} packages" in PAGES["docs/operations.md"] and events.startswith(f"# Source events {packages} packages")
    exact, differ = agreements["exact"], agreements["differ"]
    compared = f"{exact + differ} of the {len(legacy & source)} quantities that both jobs have are compared"
    assert f"{compared}: {exact} must be equal, {differ} differ" in events
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
    """A page without tables or links would pass everything."""
    assert len(table_rows(REFERENCE)) > 80 and len(links(PAGES["README.md"])) > 10


def test_what_is_wrong_is_seen() -> None:
    page = "# One\n\n## Two words, here\n\n[a](b.md#c) `models/nosuch.sql` `logs/dbt.log` `models/<x>_metrics/`\n"
    page += "```sh\n[d](e.md)\n```\n"
    assert links(page) == ["b.md#c"] and anchors(page) == {"one", "two-words-here"}
    assert [path for path in paths(page) if not exists(path)] == ["models/nosuch.sql"]
