"""The verb `backfill`: the options of all jobs, and which of them go together."""

import datetime
import sys

import click

from entity_metrics import brand_visibility, metric_tables, source_events
from entity_metrics.jobs import METRIC_TABLES

JOBS = (metric_tables.JOB, source_events.JOB, brand_visibility.JOB)

ONLY_FOR = {
    "tables": metric_tables.JOB,
    "all_tables": metric_tables.JOB,
    "date": metric_tables.JOB,
    "packages": source_events.JOB,
    "cutoff": source_events.JOB,
}
"""Options that one job has, by the name of the parameter."""


@click.command()
@click.option("--job", type=click.Choice(JOBS), default=metric_tables.JOB, show_default=True, help="What to run.")
@click.option(
    "--table", "tables", multiple=True, type=click.Choice(METRIC_TABLES), help="Legacy table; may be given several times."
)
@click.option("--all", "all_tables", is_flag=True, help="All ten legacy tables, smallest first, largest last.")
@click.option(
    "--date", type=click.DateTime(["%Y-%m-%d"]), help="createdAt of the events, a UTC date.  [default: the var backfill_date]"
)
@click.option(
    "--package",
    "packages",
    multiple=True,
    type=click.Choice(source_events.PACKAGES),
    help="Package of source_events; may be given several times.  [default: all]",
)
@click.option(
    "--cutoff",
    help="UTC time, as YYYY-MM-DD hh:mm:ss.fff, before which source events are published, or none."
    "  [default: the var source_events_cutoff]",
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
@click.option("--allow-empty-slice", is_flag=True, help="Let an empty source table replace a slice that holds events.")
@click.option("--allow-missing-columns", is_flag=True, help="Go on without mapped columns that the source lacks.")
@click.option(
    "--retries",
    default=5,
    show_default=True,
    type=click.IntRange(0, 20),
    help="Tries after a transient failure, 1, 2, 4 ... seconds apart.",
)
@click.option("--target", help="Output of profiles.yml; its default if not given.")
@click.pass_context
def main(
    context: click.Context,
    job: str,
    tables: tuple[str, ...],
    all_tables: bool,
    date: datetime.datetime | None,
    packages: tuple[str, ...],
    cutoff: str | None,
    dry_run: bool,
    batch_size: int | None,
    limit_batches: int | None,
    concurrency: int | None,
    full_refresh: bool,
    allow_empty_slice: bool,
    allow_missing_columns: bool,
    retries: int,
    target: str | None,
) -> None:
    """Run a job and reconcile its result with the source.

    metric_tables: the totals of legacy metric tables, as events. source_events: an event for each row of the site's own tables.
    brand_visibility: the history of a product that tracks brands.

    Exit code 0: everything was published and reconciles (or a trial ran through); 1: something failed or does not
    reconcile; 2: wrong usage.
    """
    for option in context.command.params:
        other = ONLY_FOR.get(option.name or "", job)
        if other != job and context.params[option.name or ""]:
            raise click.UsageError(f"{option.opts[0]} goes with --job {other}, not with --job {job}.")
    if job == metric_tables.JOB and bool(tables) == all_tables:
        raise click.UsageError("Give either --all, or --table once or more.")
    wanted = {
        "backfill_date": f"{date:%Y-%m-%d}" if date else None,
        "source_events_cutoff": cutoff,
        "dry_run": dry_run or None,
        "range_size": batch_size,
        "range_limit": limit_batches,
        "allow_empty_slice": allow_empty_slice or None,
        "allow_missing_columns": allow_missing_columns or None,
    }
    variables = {name: None if value == "none" else value for name, value in wanted.items() if value is not None}
    dbt_options = ["--full-refresh"] if full_refresh else []
    dbt_options += ["--threads", str(concurrency)] if concurrency else []
    if job == brand_visibility.JOB:
        sys.exit(brand_visibility.backfill(target, variables, dbt_options, retries))
    if job == source_events.JOB:
        sys.exit(source_events.backfill(list(packages or source_events.PACKAGES), target, variables, dbt_options, retries))
    in_order = [table for table in METRIC_TABLES if all_tables or table in tables]
    sys.exit(metric_tables.backfill(in_order, target, variables, dbt_options, retries))
