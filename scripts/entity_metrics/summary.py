"""The summary that a backfill of events ends with."""

import contextlib
from dataclasses import dataclass, field

from dbt_common.exceptions import DbtDatabaseError
from rich.console import Console
from rich.table import Table

from entity_metrics.dbt_runs import Outcome
from entity_metrics.project import project_var
from entity_metrics.target import Target
from entity_metrics.terminal import say


@dataclass
class MetricTotals:
    """A row of a reconciliation test: totals are sums of counts over all entities. reason: why they differ by definition."""

    entity_type: str
    metric_type: str
    legacy_total: int
    event_total: int
    difference: int
    entities_that_differ: int
    reason: str = ""


@dataclass
class UnitSummary:
    """What became of a legacy table, or of a package.

    source_rows: rows of its own source, as staged if it is in Postgres; events: rows of the event model; published: those that
    the event table is to hold; seconds: of all dbt nodes; metrics: what the reconciliation test stored, empty if it did not run;
    differing: the same of metrics that differ by definition.
    """

    name: str
    outcome: Outcome
    source_rows: int = 0
    events: int = 0
    published: int = 0
    seconds: float = 0.0
    metrics: list[MetricTotals] = field(default_factory=list)
    differing: list[MetricTotals] = field(default_factory=list)

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
        drifted = sum(rows for test, rows in self.outcome.warnings.items() if test.startswith("drift_"))
        verdict = "reconciled" if self.metrics else "published"
        return f"{verdict}; {drifted:,} moved on since" if drifted else verdict


def event_table_of(target: Target) -> str:
    """The event table as the project's vars name it."""
    return f"{project_var('event_database') or target.database}.{project_var('event_table')}"


def summarize(target: Target, database: str, name: str, model: str, source: str, outcome: Outcome) -> UnitSummary:
    """Ask the target what was left behind: in `database` the models, beside it the results of the tests.

    source: the table that holds the rows of the unit's own source, with its database if it is another one.
    """
    summary = UnitSummary(name, outcome, seconds=sum(outcome.seconds.values()))
    if outcome.failure:
        return summary

    def rows_of(table: str) -> int:
        return target.value(f"select count() from {table if '.' in table else f'{database}.{table}'}")

    def totals(test: str, columns: str) -> list[MetricTotals]:
        table = f"{database}_dbt_test__audit.{test}_{model}"
        if not target.value(f"exists table {table}"):
            return []
        return [MetricTotals(*row) for row in target.rows(f"select {columns} from {table} order by entity_type, metric_type")]

    # A test that failed to run leaves no table: what there is to tell is told.
    with contextlib.suppress(DbtDatabaseError):
        summary.source_rows = rows_of(source)
        summary.events = rows_of(model)
        has_slice = target.value(f"exists table {database}.{model}__slice")
        summary.published = rows_of(f"{model}__slice") if has_slice else summary.events
        columns = "entity_type, metric_type, legacy_total, event_total, difference, entities_that_differ"
        summary.metrics = totals("reconcile", columns)
        summary.differing = totals("report", f"{columns}, reason")
    return summary


def print_summary(console: Console, summaries: list[UnitSummary], units: str, event_table: str, trial: bool) -> None:
    """Print the totals per metric, the table of units, and a sentence for all that is not as it should be.

    units: what the summaries are of, `tables` or `packages`.
    """
    _print_metrics(console, [metric for summary in summaries for metric in summary.metrics])
    differing = [metric for summary in summaries for metric in summary.differing if metric.entities_that_differ]
    if differing:
        say(console, "\nMetrics that differ from the legacy totals by definition:")
        _print_metrics(console, differing)
    overview = Table(
        units.removesuffix("s"), "source rows", "events", "published", "seconds", "rows/s", "result", box=None, pad_edge=False
    )
    for column in overview.columns[1:6]:
        column.justify = "right"
    for summary in summaries:
        speed = summary.source_rows / summary.seconds if summary.seconds else 0
        overview.add_row(
            summary.name,
            f"{summary.source_rows:,}",
            f"{summary.events:,}",
            f"{summary.published:,}",
            f"{summary.seconds:.1f}",
            f"{speed:,.0f}",
            summary.verdict,
        )
    console.print()
    console.print(overview, highlight=False)
    for summary in summaries:
        if summary.outcome.failure:
            say(console, f"{summary.name}: {summary.outcome.failure.sentence}")
        for test in summary.outcome.failed_tests:
            say(console, f"{summary.name}: the test {test} failed; its rows are in the database of test results.")
    good = sum(summary.succeeded for summary in summaries)
    if trial:
        say(console, f"Trial: {good} of {len(summaries)} {units} would reconcile. {event_table} was not touched.")
    else:
        say(console, f"{good} of {len(summaries)} {units} published into {event_table} and reconciled.")


def _print_metrics(console: Console, metrics: list[MetricTotals]) -> None:
    names = ["entity", "metric", "legacy total", "event total", "difference", "entities that differ"]
    with_reason = any(metric.reason for metric in metrics)
    table = Table(*names, *(["because"] if with_reason else []), box=None, pad_edge=False)
    for column in table.columns[2:6]:
        column.justify = "right"
    for metric in metrics:
        table.add_row(
            metric.entity_type,
            metric.metric_type,
            f"{metric.legacy_total:,}",
            f"{metric.event_total:,}",
            f"{metric.difference:,}",
            f"{metric.entities_that_differ:,}",
            *([metric.reason] if with_reason else []),
            style="red" if metric.entities_that_differ and not with_reason else "",
        )
    if table.row_count:
        console.print()
        console.print(table, highlight=False)
