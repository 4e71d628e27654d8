"""What the kept results and the parsed project say of each test: its last result, and whether that is of what is there now."""

import datetime
import re
from dataclasses import asdict, dataclass
from typing import Any

from dbt.artifacts.resources.types import NodeType
from dbt.contracts.graph.manifest import Manifest

from entity_metrics.report.hidden import hide
from entity_metrics.target import Target

NOT_RUN, OUTDATED = "not run", "outdated"

BAD = ("fail", "error", "skipped", NOT_RUN, OUTDATED)
"""States of a data test by which something is not proven."""


@dataclass
class Check:
    """A test of the project.

    node: what it is of. kind: `data` or `unit`. state: pass, warn, fail, error or skipped, as it last ended; `not run` if it
    never ran though its node was built; `outdated` if its node was built since; '' if there is nothing yet that it could be of.
    failures: what it counted. query: SQL that shows the rows it found, '' where it keeps none. source: name of the SQL that it is
    made of.
    """

    name: str
    node: str
    kind: str
    state: str
    failures: int | None = None
    seconds: float | None = None
    ran_at: datetime.datetime | None = None
    message: str = ""
    query: str = ""
    source: str = ""
    description: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether it leaves something unproven. A unit test is of code, not of what is there: it counts only as failed."""
        return self.state in (BAD if self.kind == "data" else ("fail", "error"))

    @property
    def sentence(self) -> str:
        """Why it is bad."""
        return {
            NOT_RUN: f"the test {self.name} of {self.node} has not run",
            OUTDATED: f"{self.node} was built after its test {self.name} last ran",
            "skipped": f"the test {self.name} was skipped, since what it is of was not built",
            "error": f"the test {self.name} could not run: {self.message}",
        }.get(self.state, f"the test {self.name} of {self.node} fails: {self.message or self.failures}")

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"is_bad": self.is_bad}


LAST = """
select
    node,
    argMax(result.status, result.started_at) as status,
    argMax(result.failures, result.started_at) as failures,
    argMax(result.seconds, result.started_at) as seconds,
    max(result.started_at) as ran_at,
    maxIf(result.started_at, result.status = 'success') as succeeded_at,
    argMax(result.message, result.started_at) as message
from {database}.run_results as result
group by node
"""


def read(target: Target, manifest: Manifest) -> list[Check]:
    """All tests of the project, those that are bad first. Without kept results none has run."""
    known = target.exists(f"{target.database}.run_results")
    rows = target.rows(LAST.format(database=target.database)) if known else []
    last = {row[0]: tuple(map(in_utc, row[1:])) for row in rows}
    checks = [_check(node, manifest, last) for node in manifest.nodes.values() if node.resource_type == NodeType.Test]
    checks += [_unit_test(test, last) for test in manifest.unit_tests.values()]
    return sorted(checks, key=lambda check: (not check.is_bad, check.state != "warn", check.name))


def in_utc(value: Any) -> Any:
    """A time that the client gives without its zone, which is UTC, with it; anything else as it is."""
    return value.replace(tzinfo=datetime.UTC) if isinstance(value, datetime.datetime) and value.tzinfo is None else value


def _check(node: Any, manifest: Manifest, last: dict[str, tuple[Any, ...]]) -> Check:
    attached = manifest.nodes.get(node.attached_node or "")
    of = attached.name if attached else ""
    check = Check(
        node.name,
        of,
        "data",
        "",
        query=_query(node),
        source=f"test_{node.test_metadata.name}" if getattr(node, "test_metadata", None) else node.name,
        description=node.description,
    )
    built = last[of][4] if of in last and last[of][4].year > 1970 else None
    if node.name not in last:
        check.state = NOT_RUN if built else ""
        return check
    _take(check, last[node.name])
    if built and check.ran_at and check.ran_at < built and check.state in ("pass", "warn"):
        check.state = OUTDATED
    return check


def _unit_test(test: Any, last: dict[str, tuple[Any, ...]]) -> Check:
    check = Check(test.name, test.model, "unit", "", source=test.model, description=test.description or "")
    if test.name in last:
        _take(check, last[test.name])
    return check


def _take(check: Check, result: tuple[Any, ...]) -> None:
    check.state, check.failures, check.seconds, check.ran_at, _, message = result
    check.message = hide(message)


def _query(node: Any) -> str:
    """A test whose result is a table keeps rows that are right, too: only those that count as failures are shown."""
    if not node.relation_name:
        return ""
    failing = re.search(r"countIf\((.+?)\)", node.config.fail_calc or "")
    return f"select * from {node.relation_name.replace('`', '')}" + (f" where {failing[1]}" if failing else "")
