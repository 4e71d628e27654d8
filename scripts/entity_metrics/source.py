"""Connecting a Postgres source to the ClickHouse target: named collection and database."""

import os
from dataclasses import dataclass, field
from typing import Any

import yaml
from clickhouse_connect.driver.binding import format_query_value, quote_identifier

from entity_metrics import PROJECT
from entity_metrics.project import project_var
from entity_metrics.target import Target

SOURCES_FILE = PROJECT / "models" / "sources.yml"

PREFIXES = {"postgres": "", "brand_visibility": "BRAND_VISIBILITY_"}
"""The sources that the project connects, each with what its variables begin with: BRAND_VISIBILITY_PGHOST ..."""

_VARS = {"postgres": "source", "brand_visibility": "brand_visibility"}


@dataclass
class SourceTable:
    """A table that the project reads.

    name: the Postgres table; missing: its mapped columns that the source lacks; lacks_required: whether a job cannot do
    without one of them; rows: Postgres's own estimate, None where the table was never analyzed; found: whether it is there.
    """

    name: str
    found: bool
    rows: int | None = None
    missing: list[str] = field(default_factory=list)
    lacks_required: bool = False


@dataclass
class SourceReport:
    """server_version: what Postgres says of itself; tables: every table that the project reads."""

    server_version: str
    tables: list[SourceTable]


def collection_and_database(source: str) -> tuple[str, str]:
    """The names of a source's named collection and PostgreSQL database, as the vars in dbt_project.yml give them."""
    return project_var(f"{_VARS[source]}_collection"), project_var(f"{_VARS[source]}_database")


def connection_from_environment(source: str = "postgres") -> dict[str, str | int]:
    """The keys of the named collection from libpq's variables, with libpq's defaults; PGSCHEMA's is `public`.

    The variables begin with the source's prefix. One that is not set has its default, whatever the others are set to.
    """
    prefix = PREFIXES[source]

    def given(name: str, default: str) -> str:
        return os.environ.get(prefix + name) or default

    port = given("PGPORT", "5432")
    if not port.isdigit():
        raise ValueError(f"{prefix}PGPORT is '{port}': give a port number.")
    user = given("PGUSER", "postgres")
    return {
        "host": given("PGHOST", "localhost"),
        "port": int(port),
        "user": user,
        "password": given("PGPASSWORD", ""),
        "database": given("PGDATABASE", user),
        "schema": given("PGSCHEMA", "public"),
    }


def source_tables(source: str) -> dict[str, dict[str, bool]]:
    """From models/sources.yml: the tables of a source, each with its columns and whether a job cannot do without them."""
    declared = yaml.safe_load(SOURCES_FILE.read_text())["sources"]
    tables = next(entry["tables"] for entry in declared if entry["name"] == source)

    def is_required(entry: dict[str, Any]) -> bool:
        return bool(entry.get("config", {}).get("meta", {}).get("required"))

    return {
        table["name"]: {column["name"]: is_required(table) or is_required(column) for column in table["columns"]}
        for table in tables
    }


def connect(target: Target, collection: str, database: str, source: str = "postgres") -> None:
    """Create or replace the named collection and the database of engine PostgreSQL that uses it.

    The connection is tried under a name of its own first, so that a wrong password replaces nothing. A collection that the
    target's configuration defines cannot be altered from SQL; it is used as it is.
    Raises DbtDatabaseError with the engine's message.
    """
    on_cluster = f" on cluster {quote_identifier(target.cluster)}" if target.cluster else ""
    if not _is_configured(target, collection):
        trial = f"{collection}_trial"
        _define(target, trial, on_cluster, source)
        try:
            _probe(target, trial)
        finally:
            target.command(f"drop named collection if exists {trial}{on_cluster}")
        _define(target, collection, on_cluster, source)
    _probe(target, collection)
    name = quote_identifier(database)
    engine = target.rows(f"select engine from system.databases where name = {format_query_value(database)}")
    if engine and engine[0][0] != "PostgreSQL":
        raise ValueError(
            f"The target has a database {database} that is no PostgreSQL database:"
            f" name another by the var {_VARS[source]}_database."
        )
    target.command(f"drop database if exists {name}{on_cluster}")
    target.command(f"create database {name}{on_cluster} engine = PostgreSQL({collection})")


def inspect(target: Target, collection: str, database: str, source: str) -> SourceReport:
    """What the connected source holds of what models/sources.yml declares."""
    version = target.value(
        "select character_value"
        f" from postgresql({collection}, table = 'sql_implementation_info', schema = 'information_schema')"
        " where implementation_info_name = 'DBMS VERSION'"
    )
    estimates = dict(
        target.rows(
            "select relname, max(reltuples)"
            f" from postgresql({collection}, table = 'pg_class', schema = 'pg_catalog')"
            " where relkind in ('r', 'p', 'm', 'v', 'f') group by relname"
        )
    )
    found: dict[str, set[str]] = {}
    for table, column in target.rows(f"select table, name from system.columns where database = {format_query_value(database)}"):
        found.setdefault(table, set()).add(column)
    tables = []
    for name, columns in source_tables(source).items():
        rows = estimates.get(name, -1)
        missing = [column for column in columns if name in found and column not in found[name]]
        tables.append(
            SourceTable(
                name=name,
                found=name in found,
                rows=int(rows) if rows >= 0 else None,
                missing=missing,
                lacks_required=any(columns[column] for column in missing),
            )
        )
    # '18.04.0000' is 18.4
    return SourceReport(server_version=".".join(str(int(part)) for part in version.split(".")[:2]), tables=tables)


def _is_configured(target: Target, collection: str) -> bool:
    """Whether the target's configuration, not SQL, defines the collection."""
    columns = {
        row[0] for row in target.rows("select name from system.columns where database = 'system' and table = 'named_collections'")
    }
    if "source" not in columns:
        return False
    return bool(
        target.value(
            f"select countIf(source = 'CONFIG') from system.named_collections where name = {format_query_value(collection)}"
        )
    )


def _define(target: Target, collection: str, on_cluster: str, source: str) -> None:
    pairs = [f"{key} = {format_query_value(value)}" for key, value in connection_from_environment(source).items()]
    target.command(f"create named collection if not exists {collection}{on_cluster} as {', '.join(pairs)}")
    target.command(f"alter named collection {collection}{on_cluster} set {', '.join(pairs)}")


def _probe(target: Target, collection: str) -> None:
    """Read a small table of every Postgres through the collection. Raises DbtDatabaseError with Postgres's own message."""
    target.value(f"select count() from postgresql({collection}, table = 'pg_am', schema = 'pg_catalog')")
