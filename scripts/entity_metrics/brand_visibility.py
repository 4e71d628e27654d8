"""The job `brand_visibility`: one dbt build, retried where that may help, and a summary like that of the original backfill."""

import contextlib
from dataclasses import dataclass, field
from typing import Any

from dbt_common.exceptions import DbtDatabaseError
from rich.console import Console
from rich.table import Table

from entity_metrics import terminal
from entity_metrics.dbt_runs import Dbt, Outcome
from entity_metrics.explain import explain
from entity_metrics.progress import PullProgress
from entity_metrics.retries import with_retries
from entity_metrics.source import PREFIXES
from entity_metrics.target import Target, open_target
from entity_metrics.terminal import say

JOB = "brand_visibility"

TABLES = (
    "metric_facts",
    "brand_metrics",
    "competitor_metrics",
    "brand_sentiment",
    "competitor_sentiment",
    "brand_daily_metrics",
)
"""The tables that the job is for; rollback_brand_visibility empties them."""


@dataclass
class Summary:
    """What became of the source rows.

    answers: distinct answers in the source; source_rows: rows pulled; duplicates: rows that lost against another one of the same
    answer and name; rows: by table; rejects: (rejected, reason, rows), where rejected is `row` or `sentiment`; seconds: of all
    dbt nodes.
    """

    outcome: Outcome
    source_rows: int = 0
    answers: int = 0
    duplicates: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    rejects: list[tuple[str, str, int]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        return not self.outcome.failure and not self.outcome.failed_tests


def backfill(target_name: str | None, variables: dict[str, Any], dbt_options: list[str], retries: int) -> int:
    """Build the job, print the summary and return the exit code. A trial's databases are dropped at the end."""
    console = terminal.console()
    trial = bool(variables.get("dry_run") or variables.get("range_limit"))
    progress = PullProgress(console, target_name)
    dbt = Dbt(target_name, variables, progress.message, PREFIXES[JOB])
    try:
        watched = open_target(target_name)
    except Exception as ex:
        terminal.fail(explain(str(ex)).sentence)
    database = watched.database + ("_trial" if trial else "")
    command = ["build", "--select", JOB, "--exclude-resource-type", "unit_test", *dbt_options]
    try:
        with progress.live(), progress.pulls(database, {"extracted_positions": "stg_extracted_positions"}):
            outcome = with_retries(console, retries, lambda: dbt.run(*command))
        summary = summarize(watched, database, outcome)
        progress.finish("extracted_positions", summary.source_rows, "failed" if outcome.failure else "done")
        print_summary(console, summary, watched.database, trial)
    finally:
        if trial:
            watched.drop_trial()
        watched.close()
    return 0 if summary.succeeded else 1


def summarize(target: Target, database: str, outcome: Outcome) -> Summary:
    """Ask the target what the job left behind in `database`."""
    summary = Summary(outcome, seconds=sum(outcome.seconds.values()))
    if outcome.failure:
        return summary
    # A test that failed to run leaves the models: what there is to tell is told.
    with contextlib.suppress(DbtDatabaseError):
        staged = f"{database}.stg_extracted_positions"
        summary.source_rows, without_answer, summary.answers = target.rows(
            f"select count(), countIf(collector_result_id is null), uniqExact(collector_result_id) from {staged}"
        )[0]
        settled = target.value(f"select count() from {database}.settled_positions")
        summary.duplicates = summary.source_rows - without_answer - settled
        summary.rows = {table: target.value(f"select count() from {database}.{table}") for table in TABLES}
        summary.rejects = [
            (str(rejected), str(reason), rows)
            for rejected, reason, rows in target.rows(
                f"select rejected, reason, count() from {database}.brand_visibility_rejects"
                " group by rejected, reason order by rejected, reason"
            )
        ]
    return summary


def print_summary(console: Console, summary: Summary, database: str, trial: bool) -> None:
    """Print the counters, the rejects by reason, and a sentence for all that is not as it should be."""
    if summary.outcome.failure:
        say(console, f"{JOB}: {summary.outcome.failure.sentence}")
        say(console, f"Stopped after {summary.seconds:.1f} s. What was not rebuilt in {database} is as it was.")
        return
    console.print()
    console.print(_counters(summary), highlight=False)
    console.print()
    console.print(_rejects(summary), highlight=False)
    for test in summary.outcome.failed_tests:
        say(console, f"{JOB}: the test {test} failed; its rows are in the database of test results.")
    verdict = "all tests passed" if summary.succeeded else "NOT all tests passed"
    if trial:
        say(console, f"Trial, {verdict}. The tables in {database} were not touched.")
    else:
        say(console, f"Built in {database} in {summary.seconds:.1f} s, {verdict}.")


def _counters(summary: Summary) -> Table:
    table = Table("what", "rows", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    table.add_row("source rows", f"{summary.source_rows:,}")
    table.add_row("answers processed", f"{summary.answers:,}")
    for name, rows in summary.rows.items():
        table.add_row(name, f"{rows:,}")
    table.add_row("duplicates", f"{summary.duplicates:,}")
    table.add_row("rejected rows", f"{sum(rows for rejected, _, rows in summary.rejects if rejected == 'row'):,}")
    table.add_row("rejected sentiments", f"{sum(rows for rejected, _, rows in summary.rejects if rejected != 'row'):,}")
    table.add_row("seconds", f"{summary.seconds:.1f}")
    return table


def _rejects(summary: Summary) -> Table:
    table = Table("rejected", "reason", "rows", box=None, pad_edge=False)
    table.columns[2].justify = "right"
    for rejected, reason, rows in summary.rejects:
        table.add_row(rejected, reason, f"{rows:,}")
    if not summary.rejects:
        table.add_row("none", "", "0")
    return table
