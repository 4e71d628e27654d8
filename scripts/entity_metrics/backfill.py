"""The verb `backfill`: one dbt build a table, retried where that may help, and a summary that says whether all is right."""

import datetime
import sys
from dataclasses import dataclass, field
from typing import Any

import click

from entity_metrics import brand_visibility, terminal
from entity_metrics.dbt_runs import Dbt
from entity_metrics.explain import explain
from entity_metrics.jobs import METRIC_TABLES, job_of
from entity_metrics.progress import PullProgress
from entity_metrics.project import project_var
from entity_metrics.retries import with_retries
from entity_metrics.summary import TableSummary, print_summary, summarize
from entity_metrics.target import open_target


@dataclass
class Options:
    """What the person asked for; see the command's help."""

    tables: list[str]
    variables: dict[str, Any]
    target: str | None
    full_refresh: bool
    retries: int
    trial: bool = field(init=False)

    def __post_init__(self) -> None:
        self.trial = bool(self.variables.get("dry_run") or self.variables.get("range_limit"))


@click.command()
@click.option(
    "--job",
    type=click.Choice(["metric_tables", brand_visibility.JOB]),
    default="metric_tables",
    show_default=True,
    help="What to run; --table, --all, --date and --allow-empty-slice are for metric_tables.",
)
@click.option(
    "--table", "tables", multiple=True, type=click.Choice(METRIC_TABLES), help="Legacy table; may be given several times."
)
@click.option("--all", "all_tables", is_flag=True, help="All ten, smallest first, largest last.")
@click.option(
    "--date", type=click.DateTime(["%Y-%m-%d"]), help="createdAt of the events, a UTC date.  [default: the var backfill_date]"
)
@click.option(
    "--dry-run", is_flag=True, help="Publish nothing: print what would be deleted and inserted, and leave everything as it is."
)
@click.option("--batch-size", type=click.IntRange(1, 999_999_999), help="Rows in a range.  [default: the var range_size]")
@click.option(
    "--limit-batches", type=click.IntRange(1, 999_999_999), help="A trial: pull only so many ranges, and publish nothing."
)
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
def main(
    job: str,
    tables: tuple[str, ...],
    all_tables: bool,
    date: datetime.datetime | None,
    dry_run: bool,
    batch_size: int | None,
    limit_batches: int | None,
    full_refresh: bool,
    allow_empty_slice: bool,
    allow_missing_columns: bool,
    retries: int,
    target: str | None,
) -> None:
    """Backfill legacy metric tables into the event table, or run another job, and reconcile the result with its source.

    Exit code 0: everything was published and reconciles (or a trial ran through); 1: something failed or does not
    reconcile; 2: wrong usage.
    """
    if job == brand_visibility.JOB and (tables or all_tables or date or allow_empty_slice):
        raise click.UsageError(f"--table, --all, --date and --allow-empty-slice do not go with --job {job}.")
    if job == "metric_tables" and bool(tables) == all_tables:
        raise click.UsageError("Give either --all, or --table once or more.")
    wanted = {
        "backfill_date": f"{date:%Y-%m-%d}" if date else None,
        "dry_run": dry_run or None,
        "range_size": batch_size,
        "range_limit": limit_batches,
        "allow_empty_slice": allow_empty_slice or None,
        "allow_missing_columns": allow_missing_columns or None,
    }
    variables = {name: value for name, value in wanted.items() if value is not None}
    if job == brand_visibility.JOB:
        sys.exit(brand_visibility.backfill(target, variables, full_refresh, retries))
    in_order = [table for table in METRIC_TABLES if all_tables or table in tables]
    sys.exit(backfill(Options(in_order, variables, target, full_refresh, retries)))


def backfill(options: Options) -> int:
    """Run the jobs of all tables, print the summary and return the exit code."""
    console = terminal.console()
    progress = PullProgress(console, options.target)
    dbt = Dbt(options.target, options.variables, progress.message)
    seeded = with_retries(console, options.retries, lambda: dbt.run("seed"))
    if seeded.failure:
        terminal.fail(seeded.failure.sentence)
    try:
        watched = open_target(options.target)
    except Exception as ex:
        terminal.fail(explain(str(ex)).sentence)
    database = watched.database + ("_trial" if options.trial else "")
    event_table = f"{project_var('event_database') or watched.database}.{project_var('event_table')}"
    summaries: list[TableSummary] = []
    try:
        with progress.live():
            for table in options.tables:
                job = job_of(table)
                command = ["build", "--select", job, "--exclude-resource-type", "unit_test"]
                command += ["--full-refresh"] if options.full_refresh else []
                with progress.table(table, database, f"stg_{job}"):
                    outcome = with_retries(console, options.retries, lambda command=command: dbt.run(*command))
                summaries.append(summarize(watched, database, table, outcome))
                progress.finish(table, summaries[-1].source_rows, summaries[-1].verdict)
        print_summary(console, summaries, event_table, options.trial)
    finally:
        if options.trial:
            watched.drop_trial()
        watched.close()
    return 0 if all(summary.succeeded for summary in summaries) else 1
