"""Connecting a Postgres source to the ClickHouse target: named collection and database."""

import functools
import os
import re
from dataclasses import dataclass, field
from typing import Any

from clickhouse_connect.driver.binding import format_query_value, quote_identifier

from entity_metrics import PROJECT
from entity_metrics.errors import EntityMetricsError
from entity_metrics.explain import explain
from entity_metrics.project import project_var, read_yaml
from entity_metrics.target import Target

SOURCES = PROJECT / "models" / "sources"

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
    """The names of a source's named collection and PostgreSQL database, as the vars in dbt_project.yml give them.

    Raises EntityMetricsError for a name that would need quotes: it would end up in statements that hold the password.
    """
    names = []
    for kind in ("collection", "database"):
        name = f"{_VARS[source]}_{kind}"
        value = project_var(name)
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(value)):
            raise EntityMetricsError(f"The var {name} is '{value}': give a name of letters, digits and underscores.")
        names.append(value)
    return names[0], names[1]


def connection_from_environment(source: str = "postgres") -> dict[str, str | int]:
    """The keys of the named collection from libpq's variables, with libpq's defaults; PGSCHEMA's is `public`.

    The variables begin with the source's prefix. One that is not set has its default, whatever the others are set to.
    """
    prefix = PREFIXES[source]

    def given(name: str, default: str) -> str:
        return os.environ.get(prefix + name) or default

    port = given("PGPORT", "5432")
    if not port.isdigit():
        raise EntityMetricsError(f"{prefix}PGPORT is '{port}': give a port number.")
    user = given("PGUSER", "postgres")
    return {
        "host": given("PGHOST", "localhost"),
        "port": int(port),
        "user": user,
        "password": given("PGPASSWORD", ""),
        "database": given("PGDATABASE", user),
        "schema": given("PGSCHEMA", "public"),
    }


@functools.cache
def declared_tables(source: str) -> list[dict[str, Any]]:
    """The tables of a source as models/sources/ declares them."""
    declared = [
        entry["tables"]
        for file in sorted(SOURCES.glob("*.yml"))
        for entry in read_yaml(file)["sources"]
        if entry["name"] == source
    ]
    return [table for tables in declared for table in tables]


def source_tables(source: str) -> dict[str, dict[str, bool]]:
    """From models/sources/: the tables of a source, each with its columns and whether a job cannot do without them."""

    def is_required(entry: dict[str, Any]) -> bool:
        return bool(entry.get("config", {}).get("meta", {}).get("required"))

    return {
        table["name"]: {column["name"]: is_required(table) or is_required(column) for column in table["columns"]}
        for table in declared_tables(source)
    }


def connect(target: Target, collection: str, database: str, source: str = "postgres") -> None:
    """Create or replace the named collection and the database of engine PostgreSQL that uses it.

    The connection is tried under a name of its own first, so that a wrong password replaces nothing. A collection that the
    target's configuration defines cannot be altered from SQL; it is used as it is.
    Raises EntityMetricsError, or DbtDatabaseError with the engine's message, which never holds a statement with the password.
    """
    connection = connection_from_environment(source)
    if not _is_configured(target, collection):
        trial = f"{collection}_trial"
        try:
            _define(target, trial, connection)
            _probe(target, trial)
        finally:
            target.command(f"drop named collection if exists {trial}{target.on_cluster}")
        _define(target, collection, connection)
    _probe(target, collection)
    name = quote_identifier(database)
    engine = target.rows("select engine from system.databases where name = {name:String}", {"name": database})
    if engine and engine[0][0] != "PostgreSQL":
        raise EntityMetricsError(
            f"The target has a database {database} that is no PostgreSQL database:"
            f" name another by the var {_VARS[source]}_database."
        )
    # ClickHouse hides what a collection holds: the note tells macros and doctor which schema the database shows.
    note = format_query_value(f"schema: {connection['schema']}")
    target.command(f"drop database if exists {name}{target.on_cluster}")
    target.command(f"create database {name}{target.on_cluster} engine = PostgreSQL({collection}) comment {note}")


def inspect(target: Target, collection: str, database: str, source: str) -> SourceReport:
    """What the connected source holds of what models/sources/ declares."""
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
    for table, column in target.rows(
        "select table, name from system.columns where database = {database:String}", {"database": database}
    ):
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
            "select countIf(source = 'CONFIG') from system.named_collections where name = {name:String}", {"name": collection}
        )
    )


def _define(target: Target, collection: str, connection: dict[str, str | int]) -> None:
    """Make the collection, or change it. The engine quotes a statement that it refuses, so its words are not passed on."""
    pairs = ", ".join(f"{key} = {format_query_value(value)}" for key, value in connection.items())
    try:
        target.command(f"create named collection if not exists {collection}{target.on_cluster} as {pairs}")
        target.command(f"alter named collection {collection}{target.on_cluster} set {pairs}")
    except Exception as ex:
        refused = _without_statement(str(ex), collection)
    else:
        return
    raise refused  # outside the handler: the traceback of the engine's error would hold the statement, too


def _without_statement(message: str, collection: str) -> EntityMetricsError:
    """What can be told of a refusal without its words: those of the rules that quote nothing, else code and name."""
    if "Not enough privileges" in message or "ACCESS_DENIED" in message:
        return EntityMetricsError(
            f"The ClickHouse user may not make the named collection {collection}: grant it NAMED COLLECTION ADMIN,"
            " or define the collection in the server's configuration."
        )
    code = re.search(r"Code: (\d+)", message)
    name = re.search(r"\(([A-Z][A-Z0-9_]+)\)", message)
    if code:
        known = explain(f"Code: {code[1]}. ({name[1] if name else ''})")
        why = f"Code: {code[1]}" + (f", {name[1]}" if name else "")
        remedy = known.sentence if known.transient else "see ClickHouse's documentation of named collections."
        return EntityMetricsError(
            f"ClickHouse refuses to make the named collection {collection} ({why}): {remedy}", known.transient
        )
    found = explain(message)
    if found.transient:
        return EntityMetricsError(found.sentence, transient=True)
    return EntityMetricsError(f"ClickHouse refuses to make the named collection {collection}: see its log.")


def _probe(target: Target, collection: str) -> None:
    """Read a small table of every Postgres through the collection. Raises DbtDatabaseError with Postgres's own message."""
    target.value(f"select count() from postgresql({collection}, table = 'pg_am', schema = 'pg_catalog')")
