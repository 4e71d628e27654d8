"""The verb `follow`: append what changed in the source since, once or again and again."""

import re
import sys
import time
from typing import Any

import click

from entity_metrics import registry
from entity_metrics.commands.backfill import parse_counted_from
from entity_metrics.errors import Verb
from entity_metrics.jobs import JOBS, METRIC_TABLES, PACKAGES, SOURCE_EVENTS, TABLES
from entity_metrics.jobs.runner import Request, run
from entity_metrics.project import project_var
from entity_metrics.serving.counters import Counters
from entity_metrics.serving.endpoint import metrics_options, serve_counters
from entity_metrics.terminal import console, output_option, say

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def parse_seconds(_context: click.Context, _parameter: click.Parameter, given: str | None) -> int | None:
    """60, 60s, 5m or 2h, in seconds. Raises BadParameter for anything else, and for nothing at all."""
    if given is None:
        return None
    found = re.fullmatch(r"(\d{1,6})([smh]?)", given)
    if not found or not int(found[1]):
        raise click.BadParameter(f"'{given}': give a time such as 60s, 5m or 2h.")
    return int(found[1]) * SECONDS[found[2]]


@click.command("follow", cls=Verb)
@click.option("--package", "packages", multiple=True, type=click.Choice(PACKAGES), help="Package; may be given several times.")
@click.option("--table", "tables", multiple=True, type=click.Choice(TABLES), help="Legacy table; may be given several times.")
@click.option("--every", metavar="TIME", callback=parse_seconds, help="Go on for ever, a look every TIME, such as 60s or 5m.")
@click.option("--dry-run", is_flag=True, help="Append nothing: print what would be appended, by metric, and the first fifty.")
@click.option(
    "--live-version",
    "live_versions",
    multiple=True,
    type=click.IntRange(2, 255),
    help="Version of events that the live site writes, such as 2: they count, too, and what they lack or repeat is made good;"
    " may be given several times.  [default: the var live_versions]",
)
@click.option(
    "--repair-margin",
    metavar="TIME",
    callback=parse_seconds,
    help="With live versions: how long a difference must last before it counts.  [default: the var repair_margin]",
)
@click.option(
    "--max-corrections", type=click.IntRange(0), help="Corrective events of a node.  [default: the var max_corrections]"
)
@click.option(
    "--max-removed-share",
    type=click.FloatRange(0, 1),
    help="Share of a slice's sum that corrections may take away.  [default: the var max_removed_share]",
)
@click.option(
    "--cutoff",
    help="UTC time, as YYYY-MM-DD hh:mm:ss.fff, before which source rows are followed, or none."
    "  [default: the var source_events_cutoff]",
)
@click.option(
    "--counted-from",
    multiple=True,
    metavar="KEY=JOB",
    callback=parse_counted_from,
    help="As for backfill; may be given several times.  [default: the var counted_from]",
)
@click.option("--retries", default=5, show_default=True, type=click.IntRange(0, 20), help="Tries after a transient failure.")
@click.option("--target", help="Output of profiles.yml; its default if not given.")
@metrics_options
@output_option
def command(every: int | None, metrics_port: int | None, metrics_host: str, **given: Any) -> None:
    """Append to the event table what changed in the source since it was last published; delete nothing.

    A row that is new keeps its own time; all else that differs becomes a corrective event of now. Without --package and --table
    all tables and packages are followed that count anything.

    Exit code 0: all was appended and reconciles (or a dry run ran through); 1: something failed; 2: wrong usage. With --every
    a look that fails is told, and the next one makes it good; Control-C ends it.
    """
    requests = requests_of(given)
    serve_counters(metrics_port, metrics_host, every)
    while True:
        began = time.monotonic()
        codes = [run(request) for request in requests]
        if every is None:
            sys.exit(max(codes))
        Counters.of_process().looks.labels(str(max(codes))).inc()
        wait = max(0.0, every - (time.monotonic() - began))
        say(console(stderr=True), f"The next look is in {wait:.0f} s.")
        time.sleep(wait)


def requests_of(given: dict[str, Any]) -> list[Request]:
    """A request for each job that is to be followed."""
    variables = {
        "publish_strategy": "append",
        "live_versions": list(given["live_versions"]) or None,
        "repair_margin": given["repair_margin"],
        "max_corrections": given["max_corrections"],
        "max_removed_share": given["max_removed_share"],
        "source_events_cutoff": given["cutoff"],
        "counted_from": given["counted_from"] or None,
        "dry_run": given["dry_run"] or None,
    }
    variables = {name: None if value == "none" else value for name, value in variables.items() if value is not None}
    units = {METRIC_TABLES: list(given["tables"]), SOURCE_EVENTS: list(given["packages"])}
    if not any(units.values()):
        units = counting(given["counted_from"] or project_var("counted_from") or {})
    return [
        Request(
            job=JOBS[job],
            units=names,
            target=given["target"],
            variables=variables,
            retries=given["retries"],
            output=given["output"],
        )
        for job, names in units.items()
        if names
    ]


def counting(counted_from: dict[str, str]) -> dict[str, list[str]]:
    """The tables and packages that count anything, as the registry and the var counted_from have it."""
    return {
        METRIC_TABLES: [
            table for table in TABLES if any(row.owner(counted_from) == METRIC_TABLES for row in registry.of_table(table))
        ],
        SOURCE_EVENTS: [
            package
            for package in PACKAGES
            if any(row.owner(counted_from) == SOURCE_EVENTS for row in registry.of_package(package))
        ],
    }
