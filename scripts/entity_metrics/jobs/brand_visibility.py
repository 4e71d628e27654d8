"""What the job `brand_visibility` leaves behind: a report like that of the original backfill."""

import contextlib
from dataclasses import dataclass, field
from typing import Any

from dbt_common.exceptions import DbtDatabaseError
from rich.console import Console
from rich.table import Table

from entity_metrics.dbt_runs import Outcome
from entity_metrics.jobs import BRAND_VISIBILITY, Unit
from entity_metrics.target import Target
from entity_metrics.terminal import say, show

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


class Report:
    """The report of a run. As JSON: {"command", "job", "target", "trial", "database", "succeeded", "sentence", "seconds",
    "failure", "failed_tests", "source_rows", "answers", "duplicates", "tables": {name: rows},
    "rejects": [{"rejected", "reason", "rows"}]}."""

    def __init__(self, target: Target, database: str, trial: bool) -> None:
        self._target = target
        self._database = database
        self._trial = trial
        self._summary = Summary(Outcome())

    def add(self, _unit: Unit, outcome: Outcome) -> tuple[int, str]:
        """Ask the target what the job left behind. Returns the rows pulled, and a word for the bar."""
        self._summary = summarize(self._target, self._database, outcome)
        return self._summary.source_rows, "failed" if outcome.failure else "done"

    @property
    def succeeded(self) -> bool:
        return self._summary.succeeded

    @property
    def sentence(self) -> str:
        """The last one, true in every case."""
        summary, database = self._summary, self._target.database
        if summary.outcome.failure:
            untouched = "were not touched" if self._trial else "are as they were where they were not rebuilt"
            return f"Stopped after {summary.seconds:.1f} s. The tables in {database} {untouched}."
        verdict = "all tests passed" if summary.succeeded else "NOT all tests passed"
        if self._trial:
            return f"Trial, {verdict}. The tables in {database} were not touched."
        return f"Built in {database} in {summary.seconds:.1f} s, {verdict}."

    def as_json(self) -> dict[str, Any]:
        summary = self._summary
        return {
            "command": "backfill",
            "job": BRAND_VISIBILITY,
            "target": self._target.name,
            "trial": self._trial,
            "database": self._target.database,
            "succeeded": self.succeeded,
            "sentence": self.sentence,
            "seconds": summary.seconds,
            "failure": summary.outcome.failure.sentence if summary.outcome.failure else None,
            "failed_tests": summary.outcome.failed_tests,
            "source_rows": summary.source_rows,
            "answers": summary.answers,
            "duplicates": summary.duplicates,
            "tables": summary.rows,
            "rejects": [{"rejected": rejected, "reason": reason, "rows": rows} for rejected, reason, rows in summary.rejects],
        }

    def print(self, console: Console) -> None:
        """Print the counters, the rejects by reason, and a sentence for all that is not as it should be."""
        summary = self._summary
        if summary.outcome.failure:
            say(console, f"{BRAND_VISIBILITY}: {summary.outcome.failure.sentence}")
        else:
            console.print()
            show(console, _counters(summary))
            console.print()
            show(console, _rejects(summary))
        for test in summary.outcome.failed_tests:
            say(console, f"{BRAND_VISIBILITY}: the test {test} failed; its rows are in the database of test results.")
        say(console, self.sentence)


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
