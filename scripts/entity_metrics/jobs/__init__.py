"""The jobs that the command line runs, and the parts that they are made of."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from entity_metrics import PROJECT

METRIC_TABLES = "metric_tables"
SOURCE_EVENTS = "source_events"
BRAND_VISIBILITY = "brand_visibility"

TABLES = (
    "BountyMetric",
    "BountyEntryMetric",
    "CollectionMetric",
    "TagMetric",
    "ArticleMetric",
    "UserMetric",
    "PostMetric",
    "ModelMetric",
    "ModelVersionMetric",
    "ImageMetric",
)
"""The legacy metric tables in the recommended order: smallest first, largest last."""


def _packages() -> tuple[str, ...]:
    models = {path.stem for path in (PROJECT / "models" / SOURCE_EVENTS).glob("*.sql")}
    return tuple(sorted(model for model in models if f"{model}_events" in models))


PACKAGES = _packages()
"""The packages of source_events: the models that publish another one, named after the source that it turns into events."""


@dataclass(frozen=True)
class Unit:
    """What a job is made of: a legacy table, a package, or all of brand visibility.

    name: as a person knows it; models: dbt's selectors of its models and snapshots by name, in the order in which they are
    built, each with those of its tests; pulls: its staging models by the name of their bar; source: the staging model, or the
    table in ClickHouse, that holds its own source's rows; events: the event model; published: the node that publishes it.
    """

    name: str
    models: dict[str, list[str]]
    pulls: dict[str, str]
    source: str
    events: str = ""
    published: str = ""


@dataclass(frozen=True)
class Job:
    """name: as --job takes it; noun: what its units are; together: whether one dbt build is for all units; source: whose
    variables its sentences name."""

    name: str
    noun: str
    units: Callable[[Manifest, list[str]], list[Unit]]
    together: bool
    source: str = "postgres"


def folder_of(table: str) -> str:
    """The dbt folder and publish node of a legacy table: `BountyEntryMetric` gives `bounty_entry_metrics`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", table).lower() + "s"


def units_of_metric_tables(manifest: Manifest, tables: list[str]) -> list[Unit]:
    """A unit for each legacy table: the models of its folder."""
    units = []
    for table in tables:
        folder = folder_of(table)
        models = _models(manifest, [folder])
        units.append(Unit(table, models, {table: f"stg_{folder}"}, f"stg_{folder}", f"{folder[:-1]}_events", folder))
    return units


def units_of_packages(manifest: Manifest, packages: list[str]) -> list[Unit]:
    """A unit for each package: what it publishes, and all that this is made of. Staging models may be in several units."""
    units = []
    for package in packages:
        models = _models(manifest, [package])
        staging = [name for name in models if name.startswith("stg_")]
        source = f"stg_{package}" if f"stg_{package}" in staging else (staging or [""])[0]
        source = _table_in_clickhouse(manifest, f"{package}_events") or source
        units.append(Unit(package, models, {name: name for name in staging}, source, f"{package}_events", package))
    return units


def units_of_brand_visibility(manifest: Manifest, _names: list[str]) -> list[Unit]:
    """One unit: the models of the folder, and the snapshots that they read."""
    wanted = [node.name for node in manifest.nodes.values() if node.resource_type == "model" and node.fqn[1] == BRAND_VISIBILITY]
    pulls = {"extracted_positions": "stg_extracted_positions"}
    return [Unit(BRAND_VISIBILITY, _models(manifest, wanted), pulls, "stg_extracted_positions")]


JOBS = {
    job.name: job
    for job in (
        Job(METRIC_TABLES, "tables", units_of_metric_tables, together=False),
        Job(SOURCE_EVENTS, "packages", units_of_packages, together=True),
        Job(BRAND_VISIBILITY, "jobs", units_of_brand_visibility, together=True, source="brand_visibility"),
    )
}


def _models(manifest: Manifest, names: Iterable[str]) -> dict[str, list[str]]:
    """These models with all models and snapshots that they are built from, parents first: each with dbt's selectors for it alone.

    A bare name selects the folder of that name, too; the names from the project's on do not. Tests are named, since dbt leaves
    out one that reads something besides, as a reconciliation does. One that reads a model which is
    not among these is none of theirs.
    """
    built = {node.name: node for node in manifest.nodes.values() if node.resource_type in ("model", "snapshot")}
    tests: dict[str, list[Any]] = {}
    for node in manifest.nodes.values():
        if node.resource_type == "test" and getattr(node, "attached_node", None):
            tests.setdefault(node.attached_node, []).append(node)
    ordered: dict[str, Any] = {}

    def add(name: str) -> None:
        if name in ordered or name not in built:
            return
        for parent in built[name].depends_on.nodes:
            if parent in manifest.nodes:
                add(manifest.nodes[parent].name)
        ordered[name] = built[name]

    for name in names:
        add(name)
    others = {node.unique_id for name, node in built.items() if name not in ordered}
    return {
        name: [
            ".".join(node.fqn),
            *[".".join(test.fqn) for test in tests.get(node.unique_id, []) if not others.intersection(test.depends_on.nodes)],
        ]
        for name, node in ordered.items()
    }


def _table_in_clickhouse(manifest: Manifest, model: str) -> str | None:
    """The site's own ClickHouse table that a model reads as it is, with its database; None if it reads staged tables."""
    node = next((node for node in manifest.nodes.values() if node.name == model and node.resource_type == "model"), None)
    read = [source for source in (node.depends_on.nodes if node else []) if source in manifest.sources]
    return manifest.sources[read[0]].relation_name if read else None
