"""Running dbt in this process. No other module knows dbt's runner."""

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from entity_metrics import PROJECT
from entity_metrics.errors import EntityMetricsError, keep_traceback
from entity_metrics.explain import explain
from entity_metrics.project import quiet_dbt_arguments

REVISION = "ENTITY_METRICS_REVISION"
"""The environment variable that tells dbt's hooks which git revision of the project runs."""


@dataclass
class Outcome:
    """What a dbt command did.

    failure: the first node that failed to run, or dbt's own failure; None if all ran. failures: by node name. failed_tests: names
    of the tests that did not pass. warnings: test name and number of rows. seconds: by node name. succeeded: nodes that ran.
    skipped: nodes that were to run, but did not. tested: the model that a test is of, by test name. run_ids: dbt's invocations.
    """

    failure: EntityMetricsError | None = None
    failures: dict[str, EntityMetricsError] = field(default_factory=dict)
    failed_tests: list[str] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    succeeded: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    tested: dict[str, str] = field(default_factory=dict)
    run_ids: list[str] = field(default_factory=list)

    def add(self, later: "Outcome") -> None:
        """Take over what a later command did: what it ran again counts as it is now."""
        self.failure = later.failure
        self.failures = {name: failure for name, failure in self.failures.items() if name not in later.seconds} | later.failures
        self.failed_tests = [test for test in self.failed_tests if test not in later.seconds] + later.failed_tests
        self.warnings = {test: rows for test, rows in self.warnings.items() if test not in later.seconds} | later.warnings
        self.skipped = (self.skipped - set(later.seconds)) | later.skipped
        self.seconds |= later.seconds
        self.succeeded = (self.succeeded - set(later.seconds)) | later.succeeded
        self.tested |= later.tested
        self.run_ids += later.run_ids

    @property
    def finished(self) -> set[str]:
        """The models that ran, and of which every test that was to run did so, whether it passed or not."""
        return self.succeeded - {self.tested[name] for name in {*self.failures, *self.skipped} if name in self.tested}

    def only(self, models: Iterable[str]) -> "Outcome":
        """What concerns these models, in the order in which they are built."""
        nodes = list(models)
        tests = [test for test, tested in self.tested.items() if tested in nodes]
        names = {*nodes, *tests}
        failed_tests = [test for test in self.failed_tests if test in names]
        failure = next((self.failures[name] for name in [*nodes, *tests] if name in self.failures), None)
        left = [name for name in nodes if name not in self.finished]
        if left and not failure and not failed_tests:
            failure = self.failure or EntityMetricsError(f"{left[0]} was not built.")
        return Outcome(
            failure=failure,
            failed_tests=failed_tests,
            warnings={test: rows for test, rows in self.warnings.items() if test in names},
            seconds={name: taken for name, taken in self.seconds.items() if name in names},
            succeeded=self.succeeded & set(nodes),
            skipped=self.skipped & names,
            run_ids=self.run_ids,
        )


class Dbt:
    """dbt on one target with one set of vars, parsed once.

    on_message is called with every line that a macro logs for people (`log(..., info=true)`). prefix: what the variables of the
    source begin with, for the sentences that name them.
    """

    def __init__(
        self, target: str | None, variables: dict[str, Any], on_message: Callable[[str], None] | None = None, prefix: str = ""
    ) -> None:
        self._prefix = prefix
        self._options = [*quiet_dbt_arguments(target), "--vars", json.dumps(variables)]
        self._on_message = on_message or (lambda _line: None)
        self._manifest: Manifest | None = None
        os.environ.setdefault(REVISION, git_revision())

    @property
    def manifest(self) -> Manifest:
        """The parsed project. Raises EntityMetricsError where it cannot be parsed."""
        if self._manifest is None:
            parsed = dbtRunner().invoke(["parse", *self._options])
            if not parsed.success:
                raise explain(parsed.exception or "dbt cannot parse the project: see logs/dbt.log.", self._prefix) from (
                    parsed.exception
                )
            self._manifest = parsed.result
        return self._manifest

    def run(self, *command: str) -> Outcome:
        """Run a command such as `build --select bounty_metrics`. A project that cannot be parsed is a failure of the outcome."""
        try:
            manifest = self.manifest
        except EntityMetricsError as ex:
            return Outcome(failure=ex)
        run_ids: list[str] = []

        def relay(event: Any) -> None:
            if not run_ids:
                run_ids.append(event.info.invocation_id)
            if event.info.name == "JinjaLogInfo":
                self._on_message(event.data.msg)

        result = dbtRunner(manifest=manifest, callbacks=[relay]).invoke([*command, *self._options])
        if isinstance(result.exception, KeyboardInterrupt):
            raise result.exception
        if result.exception:
            keep_traceback(result.exception)
            return Outcome(failure=explain(result.exception, self._prefix), run_ids=run_ids)
        outcome = _outcome(result.result.results, self._prefix)
        outcome.run_ids = run_ids
        return outcome

    def load_seeds(self) -> Outcome:
        """Load the seeds and run their tests. One that does not pass is a failure of the outcome."""
        outcome = self.run("build", "--select", "resource_type:seed")
        if outcome.failed_tests and not outcome.failure:
            test = outcome.failed_tests[0]
            seed = outcome.tested.get(test, "")
            outcome.failure = EntityMetricsError(f"The seed {seed} fails its test {test}: correct seeds/{seed}.csv.")
        return outcome


def run_plainly(command: list[str]) -> list[Any]:
    """Run a dbt command with its own defaults. Returns the results of its nodes.

    Raises EntityMetricsError for a command, or a node, that failed to run; a test that fails is a result.
    """
    done = dbtRunner().invoke([*command, *quiet_dbt_arguments(None)])
    if done.exception:
        raise explain(done.exception) from done.exception
    for result in done.result.results:
        if str(result.status) == "error":
            raise EntityMetricsError(f"{result.node.name}: {explain(result.message or '').sentence}")
    return list(done.result.results)


def git_revision() -> str:
    """The commit that is checked out, with `-dirty` where files differ from it; '' where there is no git, or no repository."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return described.stdout.strip() if described.returncode == 0 else ""


def _outcome(results: Iterable[Any], prefix: str) -> Outcome:
    outcome = Outcome()
    for result in results:
        name, status = result.node.name, str(result.status)
        outcome.seconds[name] = result.execution_time
        attached = getattr(result.node, "attached_node", None)
        if attached:
            outcome.tested[name] = attached.split(".")[-1]
        if status == "error":
            outcome.failures[name] = explain(result.message or "", prefix)
            outcome.failure = outcome.failure or outcome.failures[name]
        elif status == "fail":
            outcome.failed_tests.append(name)
        elif status == "warn":
            outcome.warnings[name] = result.failures or 0
        elif status == "success":
            outcome.succeeded.add(name)
        elif status == "skipped":
            outcome.skipped.add(name)
    return outcome
