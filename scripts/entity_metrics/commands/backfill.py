"""The verb `backfill`: the options of all jobs, and which of them go together.

--output json prints one document; docs/reference.md describes it, and jobs/summary.py and jobs/brand_visibility.py make it.
"""

import datetime
import re
import sys
from typing import Any

import click

from entity_metrics.errors import Verb
from entity_metrics.jobs import BRAND_VISIBILITY, JOBS, METRIC_TABLES, PACKAGES, SOURCE_EVENTS, TABLES
from entity_metrics.jobs.runner import Request, run
from entity_metrics.terminal import output_option

ONLY_FOR = {
    "tables": (METRIC_TABLES,),
    "all_tables": (METRIC_TABLES,),
    "date": (METRIC_TABLES,),
    "packages": (SOURCE_EVENTS,),
    "cutoff": (SOURCE_EVENTS,),
    "counted_from": (METRIC_TABLES, SOURCE_EVENTS),
}
"""Options that not every job has, by the name of the parameter."""


def parse_counted_from(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """KEY=JOB, several times, as the var counted_from. Raises BadParameter, naming what does not fit."""
    parsed = {}
    for pair in given:
        found = re.fullmatch(rf"(\*|[A-Za-z]+(?:\.[A-Za-z]+)?)=({METRIC_TABLES}|{SOURCE_EVENTS})", pair)
        if not found:
            raise click.BadParameter(
                f"'{pair}': give '*', an entity type or a quantity, and the job that counts it, such as Post={SOURCE_EVENTS}"
                f" or Post.tippedCount={METRIC_TABLES}."
            )
        parsed[found[1]] = found[2]
    return parsed


@click.command("backfill", cls=Verb)
@click.option("--job", type=click.Choice(list(JOBS)), default=METRIC_TABLES, show_default=True, help="What to run.")
@click.option("--table", "tables", multiple=True, type=click.Choice(TABLES), help="Legacy table; may be given several times.")
@click.option("--all", "all_tables", is_flag=True, help="All ten legacy tables, smallest first, largest last.")
@click.option(
    "--date", type=click.DateTime(["%Y-%m-%d"]), help="createdAt of the events, a UTC date.  [default: the var backfill_date]"
)
@click.option(
    "--package",
    "packages",
    multiple=True,
    type=click.Choice(PACKAGES),
    help="Package of source_events; may be given several times.  [default: all]",
)
@click.option(
    "--cutoff",
    help="UTC time, as YYYY-MM-DD hh:mm:ss.fff, before which source events are published, or none."
    "  [default: the var source_events_cutoff]",
)
@click.option(
    "--counted-from",
    multiple=True,
    metavar="KEY=JOB",
    callback=parse_counted_from,
    help="Let that job count what both could: KEY is '*', an entity type or a quantity such as Post.tippedCount; may be given"
    " several times.  [default: as seeds/metrics.csv says]",
)
@click.option(
    "--dry-run", is_flag=True, help="Publish nothing: print what would be deleted and inserted, and leave everything as it is."
)
@click.option("--batch-size", type=click.IntRange(1, 999_999_999), help="Rows in a range.  [default: the var range_size]")
@click.option(
    "--limit-batches", type=click.IntRange(1, 999_999_999), help="A trial: pull only so many ranges, and publish nothing."
)
@click.option("--concurrency", type=click.IntRange(1, 64), help="Models built side by side.  [default: the target's threads]")
@click.option("--full-refresh", is_flag=True, help="Start each pull over instead of going on where an interrupted one stopped.")
@click.option(
    "--max-removed-share",
    type=click.FloatRange(0, 1),
    help="Share of a slice's events, or of its sum, that publishing may remove; 1 lets an empty source empty it."
    "  [default: the var max_removed_share]",
)
@click.option("--allow-missing-columns", is_flag=True, help="Go on without mapped columns that the source lacks.")
@click.option(
    "--retries",
    default=5,
    show_default=True,
    type=click.IntRange(0, 20),
    help="Tries after a transient failure, 1, 2, 4 ... seconds apart.",
)
@click.option("--target", help="Output of profiles.yml; its default if not given.")
@output_option
@click.pass_context
def command(context: click.Context, **_options: Any) -> None:
    """Run a job and reconcile its result with the source.

    metric_tables: the totals of legacy metric tables, as events. source_events: an event for each row of the site's own tables.
    brand_visibility: the history of a product that tracks brands.

    Exit code 0: everything was published and reconciles (or a trial ran through); 1: something failed or does not
    reconcile; 2: wrong usage.
    """
    sys.exit(run(request_of(context)))


def request_of(context: click.Context) -> Request:
    """What the options ask for. Raises UsageError for options that do not go together."""
    given = context.params
    job = given["job"]
    for option in context.command.params:
        jobs = ONLY_FOR.get(option.name or "", (job,))
        if job not in jobs and given[option.name or ""]:
            raise click.UsageError(f"{option.opts[0]} goes with --job {' or '.join(jobs)}, not with --job {job}.")
    if job == METRIC_TABLES and bool(given["tables"]) == given["all_tables"]:
        raise click.UsageError("Give either --all, or --table once or more.")
    units = {
        METRIC_TABLES: [table for table in TABLES if given["all_tables"] or table in given["tables"]],
        SOURCE_EVENTS: list(given["packages"] or PACKAGES),
        BRAND_VISIBILITY: [],
    }
    dbt_options = ["--full-refresh"] if given["full_refresh"] else []
    dbt_options += ["--threads", str(given["concurrency"])] if given["concurrency"] else []
    return Request(
        job=JOBS[job],
        units=units[job],
        target=given["target"],
        variables=variables_of(given),
        dbt_options=dbt_options,
        retries=given["retries"],
        output=given["output"],
    )


def variables_of(given: dict[str, Any]) -> dict[str, Any]:
    """dbt's vars, of the options that were given."""
    date: datetime.datetime | None = given["date"]
    wanted = {
        "backfill_date": f"{date:%Y-%m-%d}" if date else None,
        "source_events_cutoff": given["cutoff"],
        "counted_from": given["counted_from"] or None,
        "dry_run": given["dry_run"] or None,
        "range_size": given["batch_size"],
        "range_limit": given["limit_batches"],
        "max_removed_share": given["max_removed_share"],
        "allow_missing_columns": given["allow_missing_columns"] or None,
    }
    return {name: None if value == "none" else value for name, value in wanted.items() if value is not None}
