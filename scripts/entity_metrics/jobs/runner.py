"""Running a job: its units by dbt, retried where that may help, and a report that says whether all is right."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from entity_metrics.dbt_runs import Dbt, Outcome
from entity_metrics.jobs import BRAND_VISIBILITY, SOURCE_EVENTS, Job, Unit, brand_visibility, summary
from entity_metrics.jobs.progress import PullProgress
from entity_metrics.jobs.retries import with_retries
from entity_metrics.source import PREFIXES
from entity_metrics.target import Target, opened_target
from entity_metrics.terminal import TEXT, progress_console, show_report
from entity_metrics.trial import Trial, begin


@dataclass
class Request:
    """What a person asked for. variables: dbt's vars; dbt_options: such as --full-refresh; output: text or json."""

    job: Job
    units: list[str] = field(default_factory=list)
    target: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    dbt_options: list[str] = field(default_factory=list)
    retries: int = 5
    output: str = TEXT

    @property
    def follows(self) -> bool:
        """Whether it appends what changed, and so compares with the event table, not with legacy totals."""
        return self.variables.get("publish_strategy") == "append"

    @property
    def is_trial(self) -> bool:
        return bool(self.variables.get("dry_run") or self.variables.get("range_limit"))


def run(request: Request) -> int:
    """Run the job, print its report and return the exit code: 0 if all is right, else 1. A trial's databases are dropped."""
    job = request.job
    where = progress_console(request.output)
    progress = PullProgress(where, request.target)
    with opened_target(request.target) as target, _trial(target, request) as trial:
        variables = request.variables | ({"trial_id": trial.id} if trial else {})
        database = trial.database if trial else target.database
        dbt = Dbt(request.target, variables, progress.message, PREFIXES[job.source])
        units = job.units(dbt.manifest, request.units)
        if job.name != BRAND_VISIBILITY:
            seeded = with_retries(progress.notice, request.retries, dbt.load_seeds)
            if seeded.failure:
                raise seeded.failure
        report = _report(request, target, database)
        with progress.live():
            for batch in [units] if job.together else [[unit] for unit in units]:
                done = _build(request, dbt, progress, database, batch)
                for unit in batch:
                    rows, state = report.add(unit, done.only(unit.models))
                    for bar in unit.pulls:
                        progress.finish(bar, rows, state)
    return show_report(report, request.output)


def _build(request: Request, dbt: Dbt, progress: PullProgress, database: str, units: list[Unit]) -> Outcome:
    """One dbt build for these units. After a transient failure only what is left is built, or tested, again."""
    done = Outcome()
    models = {name: selectors for unit in units for name, selectors in unit.models.items()}
    # The legacy totals lag behind a source that is followed.
    without = ["--exclude", "test_name:reconciles"] if request.follows and request.job.name == SOURCE_EVENTS else []

    def build_the_rest() -> Outcome:
        left = [selector for name, selectors in models.items() if name not in done.finished for selector in selectors]
        options = ["--exclude-resource-type", "unit_test", *without, *request.dbt_options]
        outcome = dbt.run("build", "--select", *left, *options)
        done.add(outcome)
        return outcome

    pulls = {bar: relation for unit in units for bar, relation in unit.pulls.items()}
    with progress.pulls(database, pulls):
        with_retries(progress.notice, request.retries, build_the_rest)
    return done


def _report(request: Request, target: Target, database: str) -> "summary.EventsReport | brand_visibility.Report":
    if request.job.name == BRAND_VISIBILITY:
        return brand_visibility.Report(target, database, request.is_trial)
    return summary.EventsReport(target, database, request.job, request.is_trial, request.variables)


@contextlib.contextmanager
def _trial(target: Target, request: Request) -> Iterator[Trial | None]:
    """The databases of the trial, dropped at the end of the block; None if the request is not one."""
    trial = begin(target) if request.is_trial else None
    try:
        yield trial
    finally:
        if trial:
            trial.drop()
