"""What the jobs of events leave behind: what each unit reconciled, published, and left to the other job."""

from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from entity_metrics import registry
from entity_metrics.dbt_runs import Outcome
from entity_metrics.errors import EntityMetricsError
from entity_metrics.jobs import METRIC_TABLES, Job, Unit
from entity_metrics.project import project_var
from entity_metrics.target import Target
from entity_metrics.terminal import say, show
from entity_metrics.trial import TEST_RESULTS


@dataclass
class Comparison:
    """A row of a test reconcile_<x>: a quantity's totals and entities in the legacy table and in the events.

    agreement: exact where the two must be equal, differ where they differ by definition (reason says why), none where there is
    nothing to compare with. problem: why it fails, or ''.
    """

    entity_type: str
    quantity: str
    agreement: str
    legacy_total: int
    event_total: int
    difference: int
    entities_compared: int
    entities_equal: int
    entities_that_differ: int
    entities_overcounted: int
    entities_newer: int
    entities_without_legacy_row: int
    reason: str
    problem: str

    @property
    def coverage(self) -> float | None:
        """Share of the entities compared that are equal; None where none was compared."""
        return self.entities_equal / self.entities_compared if self.entities_compared else None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"coverage": self.coverage}


COLUMNS = tuple(Comparison.__dataclass_fields__)


@dataclass
class UnitSummary:
    """What became of a legacy table, or of a package.

    source_rows: rows of its own source; events: rows of the event model; published: events of it that the event table holds now
    (in a trial: would hold), None where that is not known; left: its quantities that the other job counts; counted: those that
    it counts itself; appended: events that this run appended, None where it does not follow; seconds: of all dbt nodes;
    comparisons: what its reconciliation test stored in this run.
    """

    name: str
    outcome: Outcome
    source_rows: int = 0
    events: int = 0
    published: int | None = None
    counted: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    appended: int | None = None
    seconds: float = 0.0
    comparisons: list[Comparison] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        return not self.outcome.failure and not self.outcome.failed_tests

    @property
    def moved_on(self) -> int:
        """Rows of the source that differ from the staged ones by now."""
        return sum(rows for test, rows in self.outcome.warnings.items() if test.startswith("drift_"))

    @property
    def verdict(self) -> str:
        """In a few words."""
        if self.outcome.failure:
            return "failed"
        if self.outcome.failed_tests:
            return "a test failed" if self.published is not None else "a test failed; not published"
        if self.appended is not None:
            return f"followed; {self.moved_on:,} moved on since" if self.moved_on else "followed"
        kinds = {row.agreement for row in self.comparisons}
        verdict = "reconciled" if "exact" in kinds else "differs by definition" if kinds else "nothing to compare"
        return f"{verdict}; {self.moved_on:,} moved on since" if self.moved_on else verdict

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "result": self.verdict,
            "succeeded": self.succeeded,
            "failure": self.outcome.failure.sentence if self.outcome.failure else None,
            "failed_tests": self.outcome.failed_tests,
            "warnings": self.outcome.warnings,
            "source_rows": self.source_rows,
            "events": self.events,
            "published": self.published,
            "counted": self.counted,
            "left": self.left,
            "appended": self.appended,
            "seconds": self.seconds,
            "comparisons": [comparison.as_json() for comparison in self.comparisons],
        }


class EventsReport:
    """The report of a run. As JSON: {"command", "job", "target", "trial", "event_table", "succeeded", "sentence", "run_ids",
    "units": [...]}, a unit as UnitSummary.as_json has it, a comparison as Comparison with its coverage."""

    def __init__(self, target: Target, database: str, job: Job, trial: bool, variables: dict[str, Any]) -> None:
        self._target = target
        self._database = database
        self._job = job
        self._trial = trial
        self._follows = variables.get("publish_strategy") == "append"
        self._counted_from = variables.get("counted_from") or project_var("counted_from") or {}
        self.summaries: list[UnitSummary] = []

    @property
    def event_table(self) -> str:
        """The event table as the project's vars name it."""
        return f"{project_var('event_database') or self._target.database}.{project_var('event_table')}"

    @property
    def succeeded(self) -> bool:
        return all(summary.succeeded for summary in self.summaries)

    def add(self, unit: Unit, outcome: Outcome) -> tuple[int, str]:
        """Ask the target what the unit left behind. Returns the rows of its source, and a word for the bar."""
        summary = UnitSummary(unit.name, outcome, seconds=sum(outcome.seconds.values()))
        known = registry.of_table(unit.name) if self._job.name == METRIC_TABLES else registry.of_package(unit.name)
        for quantity in known:
            mine = quantity.owner(self._counted_from) == self._job.name
            (summary.counted if mine else summary.left).append(f"{quantity.entity_type}.{quantity.name}")
        if not outcome.failure:
            self._measure(unit, summary)
            comparable = any(quantity.agreement != "none" for quantity in known)
            if comparable and not self._follows and not summary.comparisons and not outcome.failed_tests:
                outcome.failure = EntityMetricsError(
                    f"Nothing of {unit.name} was compared: its test reconcile_{unit.published} did not run."
                )
        self.summaries.append(summary)
        return summary.source_rows, summary.verdict

    def _measure(self, unit: Unit, summary: UnitSummary) -> None:
        def rows_of(table: str) -> int:
            named = table if "." in table else f"{self._database}.{table}"
            return self._target.value(f"select count() from {named}") if self._target.exists(named) else 0

        summary.source_rows = rows_of(unit.source)
        summary.events = rows_of(unit.events)
        if unit.published in summary.outcome.succeeded:
            summary.published = rows_of(unit.published)
        if self._follows:
            summary.appended = self._appended(unit, summary)
        # Only of this run: a table of an earlier one says nothing.
        test = f"reconcile_{unit.published}"
        stored = f"{self._database}{TEST_RESULTS}.{test}"
        if test in summary.outcome.seconds and test not in summary.outcome.failures and self._target.exists(stored):
            rows = self._target.rows(f"select {', '.join(COLUMNS)} from {stored} order by entity_type, quantity")
            summary.comparisons = [Comparison(*row) for row in rows]

    def _appended(self, unit: Unit, summary: UnitSummary) -> int:
        log, run_ids = f"{self._database}.publish_log", "', '".join(summary.outcome.run_ids)
        return (
            self._target.value(
                f"select toInt64(sum(events_after)) - toInt64(sum(events_before)) from {log}"
                f" where model = '{unit.published}' and run_id in ('{run_ids}') and is_counted"
            )
            if self._target.exists(log)
            else 0
        )

    @property
    def sentence(self) -> str:
        """The last one, of what is true of all units."""
        if self._follows:
            return self._followed
        total, noun = len(self.summaries), self._job.noun
        good = [summary for summary in self.summaries if summary.succeeded]
        left_all = [summary for summary in good if summary.left and not summary.counted]
        publishing = [summary for summary in good if summary not in left_all]
        failed = [summary for summary in self.summaries if not summary.succeeded]
        events = sum(summary.published or 0 for summary in publishing)
        parts = []
        if left_all:
            other = registry.other_job(self._job.name)
            parts.append(f"{len(left_all)} of {total} {noun} left all their quantities to {other}")
        if publishing or not left_all:
            where = f"would publish {events:,} events" if self._trial else f"published {events:,} events into {self.event_table}"
            parts.append(f"{len(publishing)} of {total} {noun} {where}" if not left_all else f"{len(publishing)} {where}")
        if failed:
            parts.append(f"{len(failed)} failed: {', '.join(summary.name for summary in failed)}")
        parts.append(self._compared())
        sentence = "; ".join(parts) + "."
        return f"Trial: {sentence} {self.event_table} was not touched." if self._trial else sentence

    @property
    def _followed(self) -> str:
        good = [summary for summary in self.summaries if summary.succeeded]
        failed = [summary.name for summary in self.summaries if not summary.succeeded]
        said = f"{len(good)} of {len(self.summaries)} {self._job.noun} followed"
        said += f"; {len(failed)} failed: {', '.join(failed)}" if failed else ""
        if self._trial:
            return f"Trial: {said}. {self.event_table} was not touched."
        return f"{said}; {sum(summary.appended or 0 for summary in good):,} events appended to {self.event_table}."

    def _compared(self) -> str:
        """What the comparisons say, in words; a sentence about none is not one of success."""
        exact = [row for summary in self.summaries for row in summary.comparisons if row.agreement == "exact"]
        differ = [row for summary in self.summaries for row in summary.comparisons if row.agreement == "differ"]
        problems = [row for summary in self.summaries for row in summary.comparisons if row.problem]
        equal = [row for row in exact if not row.problem and row.entities_equal == row.entities_compared]
        overcounted = sum(row.entities_overcounted for row in exact)
        newer = sum(row.entities_newer for row in exact)
        if not exact and not differ:
            return "nothing was compared"
        said = (
            f"all {len(exact)} comparisons equal"
            if len(equal) == len(exact)
            else f"{len(equal)} of {len(exact)} comparisons equal"
        )
        said = said if exact else "no comparison that must be equal"
        return (
            said
            + (f"; legacy over-counts {overcounted:,} entities" if overcounted else "")
            + (f"; {newer:,} entities have events newer than their legacy total" if newer else "")
            + (f"; {len(differ)} differ by definition" if differ else "")
            + (f"; {len(problems)} with a problem" if problems else "")
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "command": "follow" if self._follows else "backfill",
            "job": self._job.name,
            "target": self._target.name,
            "trial": self._trial,
            "event_table": self.event_table,
            "succeeded": self.succeeded,
            "sentence": self.sentence,
            "run_ids": sorted({run_id for summary in self.summaries for run_id in summary.outcome.run_ids}),
            "units": [summary.as_json() for summary in self.summaries],
        }

    def print(self, console: Console) -> None:
        """Print the comparisons, the table of units, and a sentence for all that is not as it should be."""
        compared = [row for summary in self.summaries for row in summary.comparisons]
        _print_comparisons(console, [row for row in compared if row.agreement == "exact"])
        differing = [row for row in compared if row.agreement == "differ"]
        if differing:
            say(console, "\nQuantities that differ from the legacy totals by definition:")
            _print_comparisons(console, differing)
        console.print()
        show(console, self._overview())
        for summary in self.summaries:
            if summary.outcome.failure:
                say(console, f"{summary.name}: {summary.outcome.failure.sentence}")
            for test in summary.outcome.failed_tests:
                say(console, f"{summary.name}: the test {test} failed; its rows are in the database of test results.")
            for row in summary.comparisons:
                if row.problem:
                    say(console, f"{summary.name}: {row.entity_type}.{row.quantity}: {row.problem}")
        say(console, self.sentence)

    def _overview(self) -> Table:
        names = ("source rows", "events", "appended" if self._follows else "published", "left", "seconds", "rows/s", "result")
        table = Table(self._job.noun.removesuffix("s"), *names, box=None, pad_edge=False)
        for column in table.columns[1:7]:
            column.justify = "right"
        for summary in self.summaries:
            speed = summary.source_rows / summary.seconds if summary.seconds else 0
            table.add_row(
                summary.name,
                f"{summary.source_rows:,}",
                f"{summary.events:,}",
                "" if (count := summary.appended if self._follows else summary.published) is None else f"{count:,}",
                f"{len(summary.left)} of {len(summary.left) + len(summary.counted)}" if summary.left else "",
                f"{summary.seconds:.1f}",
                f"{speed:,.0f}",
                summary.verdict,
            )
        return table


def _print_comparisons(console: Console, rows: list[Comparison]) -> None:
    with_reason = any(row.reason for row in rows)
    names = ["entity", "quantity", "legacy total", "event total", "difference", "compared", "coverage"]
    table = Table(*names, *(["because"] if with_reason else []), box=None, pad_edge=False)
    for column in table.columns[2:7]:
        column.justify = "right"
    for row in rows:
        table.add_row(
            row.entity_type,
            row.quantity,
            f"{row.legacy_total:,}",
            f"{row.event_total:,}",
            f"{row.difference:,}",
            f"{row.entities_compared:,}",
            "" if row.coverage is None else f"{row.coverage:.4f}",
            *([row.reason] if with_reason else []),
            style="red" if row.problem else "",
        )
    if table.row_count:
        console.print()
        show(console, table)
