"""A Postgres source as ClickHouse sees it: what is asked, ClickHouse asks, since it and not this machine will connect."""

import functools
import re
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.binding import format_query_value
from dbt.contracts.graph.manifest import Manifest

from entity_metrics.dbt_runs import Dbt
from entity_metrics.source import PREFIXES, collection_and_database, connection_from_environment, declared_tables
from entity_metrics.target import Target


class CannotAskError(Exception):
    """The engine is too old to run a whole query in Postgres."""


@dataclass(frozen=True)
class Column:
    """A column as information_schema.columns describes it. declared: the type in ClickHouse that models/sources/ says, or ''."""

    table: str
    name: str
    data_type: str
    udt: str
    domain: str
    precision: str
    nullable: bool
    declared: str
    required: bool

    @property
    def wanted(self) -> str:
        """The declared type, whether or not it may be null or is a dictionary's."""
        return re.sub(r"^(?:Nullable|LowCardinality)\((.*)\)$", r"\1", self.declared)


@dataclass(frozen=True)
class Relation:
    """A table or view. kind: Postgres's letter; readable: whether the user may select from it; rows: the estimate, -1 if none."""

    schema: str
    name: str
    kind: str
    readable: bool
    rows: float


class SourceView:
    """What the checks ask about a source, each thing once."""

    def __init__(self, target: Target, source: str) -> None:
        self.target = target
        self.source = source
        self.prefix = PREFIXES[source]
        self.collection, self.database = collection_and_database(source)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query that Postgres runs; its columns must be cast to simple types. Raises CannotAskError before 26.9."""
        if self._engine < (26, 9):
            raise CannotAskError
        return self.target.rows(f"select * from postgresql({self.collection}, query = {format_query_value(sql)})")

    @functools.cached_property
    def _engine(self) -> tuple[int, ...]:
        return tuple(int(part) for part in str(self.target.value("select version()")).split(".")[:2])

    @functools.cached_property
    def schema(self) -> str:
        """The schema of the named collection, as connecting noted it beside the database; else that of the environment."""
        noted = self.target.rows("select comment from system.databases where name = {name:String}", {"name": self.database})
        found = re.fullmatch(r"schema: (.*)", noted[0][0]) if noted else None
        return found[1] if found else str(connection_from_environment(self.source)["schema"])

    @functools.cached_property
    def settings(self) -> dict[str, str]:
        """Postgres's settings in a session of the collection's user."""
        return {str(name): str(value) for name, value in self.ask("select name::text, setting::text from pg_settings")}

    @functools.cached_property
    def declared(self) -> dict[str, dict[str, Any]]:
        return {table["name"]: table for table in declared_tables(self.source)}

    @functools.cached_property
    def relations(self) -> list[Relation]:
        """All tables and views of a declared name, in every schema."""
        names = ", ".join(format_query_value(name) for name in self.declared)
        rows = self.ask(
            "select n.nspname::text, c.relname::text, c.relkind::text, has_table_privilege(c.oid, 'select')::int,"
            " c.reltuples::float8 from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            f" where c.relkind in ('r', 'p', 'm', 'v', 'f') and c.relname in ({names}) order by 1, 2"
        )
        return [Relation(str(row[0]), str(row[1]), str(row[2]), bool(row[3]), float(row[4])) for row in rows]

    @functools.cached_property
    def tables(self) -> dict[str, Relation]:
        """Those in the collection's schema."""
        return {relation.name: relation for relation in self.relations if relation.schema == self.schema}

    @functools.cached_property
    def columns(self) -> list[Column]:
        """The declared columns that the source has, of the tables that the user may read."""
        found = self.target.rows(
            "select table_name, column_name, data_type, udt_name, domain_name, numeric_precision, is_nullable"
            f" from postgresql({self.collection}, table = 'columns', schema = 'information_schema')"
            " where table_schema = {schema:String}",
            {"schema": self.schema},
        )
        columns = []
        for table, name, data_type, udt, domain, precision, nullable in found:
            entry = self.declared.get(table)
            column = next((column for column in entry["columns"] if column["name"] == name), None) if entry else None
            if entry and column:
                metas = [part.get("config", {}).get("meta", {}) for part in (entry, column)]
                columns.append(
                    Column(
                        table=table,
                        name=name,
                        data_type=data_type or "",
                        udt=udt or "",
                        domain=domain or "",
                        precision=precision or "",
                        nullable=nullable == "YES",
                        declared=column.get("data_type", ""),
                        required=any(meta.get("required") for meta in metas),
                    )
                )
        return columns

    @functools.cached_property
    def range_keys(self) -> set[tuple[str, str]]:
        """(table, column) of the keys in whose ranges the staging models pull."""
        return range_keys_of(Dbt(self.target.name, {}).manifest, self.source)


def range_keys_of(manifest: Manifest, source: str) -> set[tuple[str, str]]:
    """The same of a parsed project."""
    keys = set()
    for node in manifest.nodes.values():
        key = node.config.meta.get("range_key") if node.resource_type == "model" else None
        for unique_id in node.depends_on.nodes if key else []:
            if unique_id in manifest.sources and manifest.sources[unique_id].source_name == source:
                keys.add((manifest.sources[unique_id].name, key))
    return keys
