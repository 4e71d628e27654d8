"""Running dbt in this process."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from entity_metrics.explain import Failure, explain
from entity_metrics.project import quiet_dbt_arguments


@dataclass
class Outcome:
    """What a dbt command did.

    failure: the first node that failed to run, or dbt's own failure; None if all ran. failed_tests: names of the tests that
    did not pass. warnings: test name and number of rows. seconds: by node name.
    """

    failure: Failure | None = None
    failed_tests: list[str] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


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

    def run(self, *command: str) -> Outcome:
        """Run a command such as `build --select bounty_metrics`."""
        if self._manifest is None:
            parsed = dbtRunner().invoke(["parse", *self._options])
            if not parsed.success:
                return Outcome(failure=explain(str(parsed.exception), self._prefix))
            self._manifest = parsed.result
        result = dbtRunner(manifest=self._manifest, callbacks=[self._relay]).invoke([*command, *self._options])
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
        if status == "error" and not outcome.failure:
            outcome.failure = explain(result.message or "", prefix)
        elif status == "fail":
            outcome.failed_tests.append(name)
        elif status == "warn":
            outcome.warnings[name] = result.failures or 0
    return outcome
