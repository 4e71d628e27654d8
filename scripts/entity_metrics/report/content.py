"""What the report says, as --output json prints it: read from the target and from the parsed project, and from nothing else."""

import datetime
import platform
from dataclasses import dataclass, field
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from entity_metrics import audit, registry
from entity_metrics.dbt_runs import Dbt, git_revision
from entity_metrics.jobs import METRIC_TABLES, PACKAGES, SOURCE_EVENTS, TABLES, folder_of
from entity_metrics.jobs.summary import COLUMNS, Comparison
from entity_metrics.project import installed_versions, project_vars
from entity_metrics.report import checks
from entity_metrics.report.hidden import hide
from entity_metrics.report.queries import QUERIES, RUNS
from entity_metrics.target import Target, opened_target
from entity_metrics.trial import TEST_RESULTS

PACKAGED = ("dbt-core", "dbt-clickhouse", "clickhouse-connect", "chdb", "entity-metrics")


@dataclass
class Content:
    """Everything on the page.

    audited: the last audit, None if there is none. comparisons: of the packages with the legacy tables, each with the test that
    stored it. rows: of each of QUERIES. jobs: what each part of the project last did.
    """

    target: str
    made_at: datetime.datetime
    revision: str
    versions: dict[str, str]
    variables: dict[str, Any]
    tests: list[checks.Check]
    audited: audit.Report | None
    comparisons: list[tuple[str, Comparison]]
    rows: dict[str, list[dict[str, Any]]]
    jobs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Sentences on what is not proven, what matters most first: lost keys, what failed, what is not known."""
        if not self.rows["runs"]:
            return ["nothing has run yet: run `make demo`, or `entity-metrics connect` and `entity-metrics backfill --all`"]
        found = []
        if self.audited:
            found += [f"{quantity.name}, {quantity.first_difference.sentence}" for quantity in self.audited.different]
            found += [column.sentence for column in self.audited.users if column.problem]
        found += [error for job in self.jobs for error in job["errors"]]
        failed = [check for check in self.tests if check.is_bad]
        found += [check.sentence for check in sorted(failed, key=lambda check: check.state not in ("fail", "error"))]
        if self.audited is None:
            found.append("there is no audit: run `entity-metrics audit`")
        elif not self.audited.keys:
            found.append("the audit compared nothing: run a job, then `entity-metrics audit`")
        elif self.audited.share < 1:
            found.append("the audit compared a sample of the keys only: run `entity-metrics audit`")
        elif any(row["last_at"] > self.audited.audited_at for row in self.rows["published"]):
            found.append("events were published since the audit: run `entity-metrics audit`")
        return found

    @property
    def succeeded(self) -> bool:
        return not self.problems

    @property
    def sentence(self) -> str:
        """Is everything proven, and if not, what first."""
        if self.problems:
            more = len(self.problems) - 1
            return f"Not everything is proven: {self.problems[0]}" + (f", and {more} more." if more else ".")
        states = [check.state for check in self.tests]
        by_definition = sum(differs_by_definition(quantity) for quantity in self.audited.quantities)
        said = f"Everything is proven: {states.count('pass'):,} tests passed"
        said += f", {states.count('warn'):,} only warned" if "warn" in states else ""
        said += (
            f", and the audit found {self.audited.keys:,} keys of {len(self.audited.quantities)} quantities the same"
            f" from Postgres to the {'cache' if self.audited.cache else 'totals'}"
        )
        said += f"; {by_definition} of these differ from the legacy tables by definition" if by_definition else ""
        return said + "."

    @property
    def drift(self) -> list[checks.Check]:
        """What moved on in the source since it was staged: the last result of each test `drift`."""
        return [check for check in self.tests if check.source == "test_drift" and check.state]

    def as_json(self) -> dict[str, Any]:
        """{"command", "succeeded", "sentence", "problems", "target", "made_at", "revision", "versions", "vars", "jobs", "audit",
        "comparisons", "tests", and for each of QUERIES its rows}."""
        return {
            "command": "report",
            "succeeded": self.succeeded,
            "sentence": self.sentence,
            "problems": self.problems,
            "target": self.target,
            "made_at": self.made_at,
            "revision": self.revision,
            "versions": self.versions,
            "vars": self.variables,
            "jobs": self.jobs,
            "audit": self.audited.as_json() if self.audited else None,
            "comparisons": [{"test": test} | row.as_json() for test, row in self.comparisons],
            "tests": [check.as_json() for check in self.tests],
            **self.rows,
        }


def read(target_name: str | None) -> tuple[Content, Manifest]:
    """Read the target, and parse the project. Raises EntityMetricsError for a target that cannot be opened."""
    manifest = Dbt(target_name, {}).manifest
    with opened_target(target_name) as target:
        tests = checks.read(target, manifest)
        content = Content(
            target=target.name,
            made_at=datetime.datetime.now(datetime.UTC),
            revision=git_revision(),
            versions={"ClickHouse": str(target.value("select version()")), "Python": platform.python_version()}
            | installed_versions(*PACKAGED),
            variables=hide(project_vars()),
            tests=tests,
            audited=audit.read(target, []) if target.exists(f"{target.database}.audit") else None,
            comparisons=_comparisons(target, tests),
            rows={name: _rows(target, sql) for name, sql in QUERIES.items()},
        )
    content.jobs = _jobs(content, manifest)
    return content, manifest


def _rows(target: Target, sql: str) -> list[dict[str, Any]]:
    """Rows by name of column, times in UTC; none where a table is not there yet."""
    sql = sql.format(database=target.database, runs=RUNS)
    tables = {word.rstrip(")") for word in sql.split() if word.startswith(f"{target.database}.")}
    if not all(target.exists(table) for table in tables):
        return []
    result = target.client.query(sql)
    return [hide(dict(zip(result.column_names, map(checks.in_utc, row), strict=True))) for row in result.result_rows]


def _comparisons(target: Target, tests: list[checks.Check]) -> list[tuple[str, Comparison]]:
    found: list[tuple[str, Comparison]] = []
    for test in tests:
        stored = f"{target.database}{TEST_RESULTS}.{test.name}"
        if test.state and test.name.removeprefix("reconcile_") in PACKAGES and target.exists(stored):
            found += [(test.name, Comparison(*row)) for row in target.rows(f"select {', '.join(COLUMNS)} from {stored}")]
    return sorted(found, key=lambda row: (row[1].entity_type, row[1].quantity))


def _jobs(content: Content, manifest: Manifest) -> list[dict[str, Any]]:
    """What each part of the project last did: a part is a folder of models, the ten of the metric tables together."""
    legacy = {folder_of(table) for table in TABLES}
    nodes = {
        node.name: METRIC_TABLES if node.fqn[1] in legacy else node.fqn[1]
        for node in manifest.nodes.values()
        if node.resource_type in ("model", "snapshot")
    }
    parts: dict[str, dict[str, Any]] = {}
    for row in content.rows["nodes"]:
        if row["node"] in nodes:
            first = {"ran_at": row["ran_at"], "built": 0, "failed": 0, "errors": [], "seconds": 0.0}
            part = parts.setdefault(nodes[row["node"]], first)
            part["ran_at"] = max(part["ran_at"], row["ran_at"])
            part["built"] += row["status"] == "success"
            part["failed"] += row["status"] != "success"
            part["errors"] += [f"{row['node']} could not be built: {row['message']}"] if row["status"] == "error" else []
            part["seconds"] += row["seconds"]
    for name, part in parts.items():
        states = [check.state for check in content.tests if nodes.get(check.node) == name and check.kind == "data"]
        part |= {
            "name": name,
            "nodes": sum(of == name for of in nodes.values()),
            "passed": states.count("pass"),
            "warned": states.count("warn"),
            "unproven": sum(state in checks.BAD for state in states),
        }
    return sorted(parts.values(), key=lambda part: part["name"])


def differs_by_definition(quantity: audit.Audited) -> bool:
    """Whether readers see something else than the legacy table says, for a reason that the registry has."""
    return quantity.counted_from == SOURCE_EVENTS and quantity.agreement == "differ"


def source_of(quantity: audit.Audited) -> str:
    """The unit that counts a quantity, as its tests are named: `bounty_metrics`, or a package."""
    legacy = {row.legacy_table for row in registry.quantities()}
    return folder_of(quantity.source) if quantity.source in legacy else quantity.source
