"""What a revision says: each node's configuration and compiled SQL, and what else decides on what it does."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from entity_metrics.diff.plan import Node
from entity_metrics.project import read_yaml

NO_DIFFERENCE = ("docs", "tags", "group", "access", "freshness", "packages", "severity_order")
"""What of a configuration changes neither SQL nor rows."""

KINDS = ("model", "seed", "snapshot", "test")

VARIES = "varies_by_run"
"""The meta of a column whose values differ between two runs of the same SQL, such as a time of counting."""

CONDITION = "compared_rows"
"""The meta of a model whose other rows are bookkeeping, and differ between two runs, too."""

EVENT_KEY = ["entityType", "entityId", "userId", "metricType", "createdAt", "version"]
"""What identifies an event, if nobody says otherwise and it turns out to be unique."""


class Reader:
    """Reads the nodes of a manifest whose nodes were compiled. variables: of dbt_project.yml and the command line."""

    def __init__(self, manifest: Manifest, compiled: dict[str, str], variables: dict[str, Any], folder: Path) -> None:
        self._manifest = manifest
        self._compiled = compiled
        self._variables = variables
        self._folder = folder
        self._project = manifest.metadata.project_name
        self._sources = {id: source.to_dict(omit_none=True) for id, source in manifest.sources.items()}
        self.used: set[str] = set()
        self._unique = self._unique_columns()

    def nodes(self) -> list[Node]:
        found = [self._node(node) for node in self._manifest.nodes.values() if str(node.resource_type) in KINDS]
        return found + [self._unit_test(test) for test in self._manifest.unit_tests.values()]

    def macros(self) -> dict[str, str]:
        """The project's own macros by name."""
        return {
            id.split(".")[-1]: macro.macro_sql
            for id, macro in self._manifest.macros.items()
            if macro.package_name == self._project
        }

    def _node(self, node: Any) -> Node:
        materialized = node.config.get("materialized") or ""
        return Node(
            id=node.unique_id,
            name=node.name,
            kind=str(node.resource_type),
            path=node.original_file_path,
            fqn=node.fqn,
            materialized=materialized,
            relation=node.relation_name or "",
            parents=[id for id in node.depends_on_nodes if id not in self._sources],
            text=self._text(node),
            parts=self._parts(node, materialized),
            keys=self._keys(node),
            varies=[
                name
                for name, column in node.columns.items()
                if {**(column.meta or {}), **(getattr(column.config, "meta", None) or {})}.get(VARIES)
            ],
            condition=(node.config.meta or {}).get(CONDITION, ""),
        )

    def _unit_test(self, test: Any) -> Node:
        given = {name: getattr(test, name) for name in ("given", "expect", "overrides")}
        return Node(
            id=test.unique_id,
            name=test.name,
            kind="unit_test",
            path=test.original_file_path,
            fqn=test.fqn,
            materialized="unit",
            relation="",
            parents=list(test.depends_on.nodes),
            text=json.dumps({name: _plain(value) for name, value in given.items()}, indent=1, default=str, sort_keys=True),
            parts={},
        )

    def _text(self, node: Any) -> str:
        """The configuration as comments, then the SQL that runs; of a seed its rows."""
        config = node.config.to_dict(omit_none=True)
        lines = [
            f"-- {name}: {value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)}"
            for name, value in sorted(config.items())
            if name not in NO_DIFFERENCE and value not in ({}, [], "")
        ]
        if getattr(node, "contract", None) and node.contract.enforced:
            lines += [f"-- column {name}: {column.data_type}" for name, column in node.columns.items()]
        if str(node.resource_type) == "seed":
            return "\n".join([*lines, (self._folder / node.original_file_path).read_text(encoding="utf-8")])
        return "\n".join([*lines, self._compiled.get(node.unique_id, node.raw_code).strip()]) + "\n"

    def _parts(self, node: Any, materialized: str) -> dict[str, str]:
        """What the SQL does not show: macros that run when it is built, the vars that they name, the sources' declarations."""
        macros = self._reachable(node.depends_on.macros + self._materialization(materialized))
        self.used.update(id.split(".")[-1] for id in macros)
        sqls = [self._manifest.macros[id].macro_sql for id in sorted(macros)]
        parts = {f"macro {id.split('.')[-1]}": _hash(sql) for id, sql in zip(sorted(macros), sqls, strict=True)}
        for name in set(re.findall(r"\bvar\(\s*['\"](\w+)['\"]", "\n".join([node.raw_code or "", *sqls]))):
            parts[f"var {name}"] = json.dumps(self._variables.get(name), default=str, sort_keys=True)
        for id in node.depends_on_nodes:
            if id in self._sources:
                source = self._sources[id]
                said = {name: source.get(name) for name in ("schema", "identifier", "columns", "config", "meta")}
                parts[f"source {source['source_name']}.{source['name']}"] = _hash(_without_prose(said))
        return parts

    def _materialization(self, materialized: str) -> list[str]:
        name = f"macro.{self._project}.materialization_{materialized}_"
        return [id for id in self._manifest.macros if id.startswith(name)]

    def _reachable(self, ids: list[str]) -> set[str]:
        """The project's macros that these name, and so on; dbt's own are the same on both sides."""
        found: set[str] = set()
        new = list(ids)
        while new:
            id = new.pop()
            macro = self._manifest.macros.get(id)
            if macro is not None and macro.package_name == self._project and id not in found:
                found.add(id)
                new += macro.depends_on.macros
        return found

    def _unique_columns(self) -> dict[str, list[str]]:
        """By model, the columns that a test says are unique together."""
        found: dict[str, list[str]] = {}
        for node in self._manifest.nodes.values():
            metadata = getattr(node, "test_metadata", None)
            if metadata and metadata.name.startswith("unique") and getattr(node, "attached_node", None):
                columns = metadata.kwargs.get("columns") or metadata.kwargs.get("column_name")
                if columns and not node.config.where:
                    found[node.attached_node] = [columns] if isinstance(columns, str) else list(columns)
        return found

    def _keys(self, node: Any) -> list[tuple[list[str], str]]:
        """What may identify a row, the surest first; whether it does is asked of the rows."""
        config, keys = node.config, []
        if node.unique_id in self._unique:
            keys.append((self._unique[node.unique_id], "a unique test"))
        for name in ("unique_key", "primary_key", "order_by"):
            columns = config.get(name)
            columns = re.findall(r"\w+", columns) if isinstance(columns, str) else columns
            if columns and "tuple" not in columns:
                keys.append((list(columns), name))
        if node.resource_type == "model":
            keys += [
                (EVENT_KEY, "the columns of an event"),
                (["entity_type", "entity_id", "quantity"], "the columns of a total"),
                (["entity_type", "entity_id"], "the columns of an entity"),
                (["entity_type", "quantity", "entity_id", "day"], "the columns of a day"),
            ]
        return keys


def _hash(content: Any) -> str:
    return hashlib.sha256(
        (content if isinstance(content, str) else json.dumps(content, sort_keys=True, default=str)).encode()
    ).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value.to_dict(omit_none=True) if hasattr(value, "to_dict") else value


def _without_prose(value: Any) -> Any:
    """Without descriptions."""
    if isinstance(value, dict):
        return {name: _without_prose(entry) for name, entry in value.items() if name not in ("description", "doc_blocks")}
    return [_without_prose(entry) for entry in value] if isinstance(value, list) else value


def variables_of(folder: Path) -> dict[str, Any]:
    """The vars of a checkout."""
    return (read_yaml(folder / "dbt_project.yml") or {}).get("vars") or {}
