"""The summary that a backfill ends with."""

import contextlib
from dataclasses import dataclass, field

from dbt_common.exceptions import DbtDatabaseError
from rich.console import Console
from rich.table import Table

from entity_metrics.dbt_runs import Outcome
from entity_metrics.jobs import job_of
from entity_metrics.target import Target
from entity_metrics.terminal import say


@dataclass
class MetricTotals:
    """A row of the test `reconciles_with_legacy`: totals are sums of counts over all entities."""

    entity_type: str
    metric_type: str
    legacy_total: int
    event_total: int
    difference: int
    entities_that_differ: int


@dataclass
class TableSummary:
    """What became of one legacy table.

    source_rows: staged rows, one an entity; events: rows of the event model; seconds: of all dbt nodes; metrics: what the test
    `reconciles_with_legacy` stored, empty if it did not run.
    """

    table: str
    outcome: Outcome
    source_rows: int = 0
    events: int = 0
    seconds: float = 0.0
    metrics: list[MetricTotals] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        return not self.outcome.failure and not self.outcome.failed_tests

    @property
    def verdict(self) -> str:
        """In a word or two: failed, DIFFERS, or reconciled."""
        if self.outcome.failure:
            return "failed"
        if self.outcome.failed_tests:
            return "DIFFERS"
        drifted = sum(self.outcome.warnings.values())
        return f"reconciled; {drifted:,} moved on since" if drifted else "reconciled"


def summarize(target: Target, database: str, table: str, outcome: Outcome) -> TableSummary:
    """Ask the target what a job left behind: in `database` the models, beside it the results of the tests."""
    job = job_of(table)
    summary = TableSummary(table, outcome, seconds=sum(outcome.seconds.values()))
    if outcome.failure:
        return summary
    # A test that failed to run leaves no table: what there is to tell is told.
    with contextlib.suppress(DbtDatabaseError):
        summary.source_rows = target.value(f"select count() from {database}.stg_{job}")
        summary.events = target.value(f"select count() from {database}.{job}")
        summary.metrics = [
            MetricTotals(*row)
            for row in target.rows(
                "select entity_type, metric_type, legacy_total, event_total, difference, entities_that_differ"
                f" from {database}_dbt_test__audit.reconcile_{job} order by metric_type"
            )
        ]
    return summary


def print_summary(console: Console, summaries: list[TableSummary], event_table: str, trial: bool) -> None:
    """Print the totals per metric, the table of tables, and a sentence for all that is not as it should be."""
    _print_metrics(console, summaries)
    overview = Table("table", "source rows", "events", "seconds", "entities/s", "result", box=None, pad_edge=False)
    for column in overview.columns[1:5]:
        column.justify = "right"
    for summary in summaries:
        speed = summary.source_rows / summary.seconds if summary.seconds else 0
        overview.add_row(
            summary.table,
            f"{summary.source_rows:,}",
            f"{summary.events:,}",
            f"{summary.seconds:.1f}",
            f"{speed:,.0f}",
            summary.verdict,
        )
    console.print()
    console.print(overview, highlight=False)
    for summary in summaries:
        if summary.outcome.failure:
            say(console, f"{summary.table}: {summary.outcome.failure.sentence}")
        for test in summary.outcome.failed_tests:
            say(console, f"{summary.table}: the test {test} failed; its rows are in the database of test results.")
    good = sum(summary.succeeded for summary in summaries)
    if trial:
        say(console, f"Trial: {good} of {len(summaries)} tables would reconcile. {event_table} was not touched.")
    else:
        say(console, f"{good} of {len(summaries)} tables published into {event_table} and reconciled.")


def _print_metrics(console: Console, summaries: list[TableSummary]) -> None:
    table = Table(
        "entity", "metric", "legacy total", "event total", "difference", "entities that differ", box=None, pad_edge=False
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for metric in (metric for summary in summaries for metric in summary.metrics):
        table.add_row(
            metric.entity_type,
            metric.metric_type,
            f"{metric.legacy_total:,}",
            f"{metric.event_total:,}",
            f"{metric.difference:,}",
            f"{metric.entities_that_differ:,}",
            style="red" if metric.entities_that_differ else "",
        )
    if table.row_count:
        console.print()
        console.print(table, highlight=False)
