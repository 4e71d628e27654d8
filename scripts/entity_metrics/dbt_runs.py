"""Running dbt in this process."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.exceptions import DbtBaseException

from entity_metrics.explain import Failure, explain
from entity_metrics.project import quiet_dbt_arguments


@dataclass
class Outcome:
    """What a dbt command did.

    failure: the first node that failed to run, or dbt's own failure; None if all ran. failures: by node name. failed_tests: names
    of the tests that did not pass. warnings: test name and number of rows. seconds: by node name. succeeded: nodes that ran.
    skipped: nodes that were to run, but did not. tested: the model that a test is of, by test name.
    """

    failure: Failure | None = None
    failures: dict[str, Failure] = field(default_factory=dict)
    failed_tests: list[str] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    succeeded: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    tested: dict[str, str] = field(default_factory=dict)

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

    @property
    def finished(self) -> set[str]:
        """The models that ran, and of which every test that was to run did so, whether it passed or not."""
        return self.succeeded - {self.tested[name] for name in {*self.failures, *self.skipped} if name in self.tested}

    def only(self, model: str, parents: list[str]) -> "Outcome":
        """What concerns a model and the models that it is built from."""
        nodes = {model, *parents}
        tests = [test for test, tested in self.tested.items() if tested in nodes]
        failure = next((self.failures[name] for name in [*parents, model, *tests] if name in self.failures), self.failure)
        names = nodes | set(tests)
        what = "tested" if model in self.succeeded else "built"
        return Outcome(
            failure=None if nodes <= self.finished else failure or Failure(f"{model} was not {what}."),
            failed_tests=[test for test in self.failed_tests if test in names],
            warnings={test: rows for test, rows in self.warnings.items() if test in names},
            seconds={name: taken for name, taken in self.seconds.items() if name in names},
        )


class Dbt:
    """dbt on one target with one set of vars, parsed once.

    on_message is called with every line that a macro logs for people (`log(..., info=true)`). prefix: what the variables of the
    source begin with, for the sentences that name them.
    """

    def __init__(
        self, target: str | None, variables: dict[str, Any], on_message: Callable[[str], None], prefix: str = ""
    ) -> None:
        self._prefix = prefix
        self._options = [*quiet_dbt_arguments(target), "--vars", json.dumps(variables)]
        self._on_message = on_message
        self._manifest: Manifest | None = None

    @property
    def manifest(self) -> Manifest:
        """The parsed project. Raises DbtBaseException where it cannot be parsed."""
        if self._manifest is None:
            parsed = dbtRunner().invoke(["parse", *self._options])
            if not parsed.success:
                raise parsed.exception or DbtBaseException("dbt cannot parse the project: see logs/dbt.log.")
            self._manifest = parsed.result
        return self._manifest

    def run(self, *command: str) -> Outcome:
        """Run a command such as `build --select bounty_metrics`."""
        try:
            manifest = self.manifest
        except DbtBaseException as ex:
            return Outcome(failure=explain(str(ex), self._prefix))
        result = dbtRunner(manifest=manifest, callbacks=[self._relay]).invoke([*command, *self._options])
        if isinstance(result.exception, KeyboardInterrupt):
            raise result.exception
        if result.exception:
            return Outcome(failure=explain(str(result.exception), self._prefix))
        return _outcome(result.result.results, self._prefix)

    def _relay(self, event: Any) -> None:
        if event.info.name == "JinjaLogInfo":
            self._on_message(event.data.msg)


def _outcome(results: Iterator[Any], prefix: str) -> Outcome:
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
