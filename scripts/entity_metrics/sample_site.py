"""The sample site: an embedded PostgreSQL with the site's tables and a few thousand rows."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import psycopg
from clickhouse_connect.driver.binding import quote_identifier
from psycopg import sql

from entity_metrics import PROJECT, embedded_postgres, embedded_valkey
from entity_metrics.errors import EntityMetricsError
from entity_metrics.target import Target

FOLDER = PROJECT / ".sample_site"
"""Where the sample site's PostgreSQL keeps its data, in the subfolder `postgres`; its Valkey is in `valkey`."""

SCRIPTS = PROJECT / "scripts" / "sample_site"

POSTGRES_FILES = ("schema.sql", "source_schema.sql", "functions.sql", "source_rows.sql", "source_keys.sql", "legacy_rows.sql")
"""The Postgres side of the site, in the order in which the files are run."""


def use(folder: Path = FOLDER, entities: int = 500) -> dict[str, str]:
    """Start the sample site, making it if need be, and point libpq's variables of this process at it.

    entities: how many entities the smallest tables get when the site is made. Returns those variables.
    Raises EntityMetricsError for a sample site that an older version made.
    """
    embedded_valkey.start(folder / "valkey")
    environment = fill_postgres(folder / "postgres", entities)
    os.environ.update(environment)
    return environment


def start_postgres(folder: Path) -> dict[str, str]:
    """Start the server whose data is in `folder`. Returns the variables that say where both sources are."""
    environment = embedded_postgres.start(folder)
    environment |= {f"BRAND_VISIBILITY_{name}": value for name, value in environment.items()}
    return environment | {"BRAND_VISIBILITY_PGSCHEMA": "brand_visibility"}


def fill_postgres(folder: Path, entities: int) -> dict[str, str]:
    """The same; the site's tables are made where they are missing. Raises EntityMetricsError for those of an older version."""
    environment = start_postgres(folder)
    source = {name: environment[f"PG{name.upper()}"] for name in ("host", "port", "user", "password", "database")}
    with psycopg.connect(dsn(source)) as connection:
        made = connection.execute(
            "select to_regclass('public.\"BountyMetric\"') is not null, to_regclass('public.\"BuzzTip\"') is not null"
        ).fetchone()
        if made == (True, False):
            raise EntityMetricsError(
                f"The sample site in {folder.parent} is an older version's: run `entity-metrics sample stop`, and remove it."
            )
        if made == (False, False):
            fill(connection, entities)
        made = connection.execute("select to_regclass('brand_visibility.extracted_positions') is not null").fetchone()
        if made != (True,):
            fill_brand_visibility(connection)
    return environment


def stop(folder: Path = FOLDER) -> bool:
    """Stop its servers. The rows stay, what is cached does not. Returns whether any was running."""
    stopped = [embedded_postgres.stop(folder / "postgres"), embedded_valkey.stop(folder / "valkey")]
    return any(stopped)


def fill(connection: psycopg.Connection, entities: int, months: int = 28) -> None:
    """Create the site's tables, and their rows, in the first schema of the search path. One transaction: all of it or nothing.

    months: how many of the 28 months from 2022-11 have rows, from 1: a month is a part of each table of events.
    """
    values = {":entities": entities, ":months": months}
    with connection.transaction():
        for name in POSTGRES_FILES:
            script = (SCRIPTS / name).read_text()
            for placeholder, value in values.items():
                script = script.replace(placeholder, sql.Literal(value).as_string(connection))
            connection.execute(script.encode())


def fill_clickhouse(
    target: Target, source_database: str, events_database: str, orchestration_database: str, rows: bool = True
) -> None:
    """Create the site's own ClickHouse tables on the target, and their rows where they have none.

    source_database: the database of engine PostgreSQL that shows the sample site; events_database, orchestration_database:
    where the tables go; rows: False leaves them empty. Raises DbtDatabaseError with the engine's message.
    """
    script = (SCRIPTS / "clickhouse.sql").read_text()
    names = {
        ":source_database": source_database,
        ":events_database": events_database,
        ":orchestration_database": orchestration_database,
    }
    for placeholder, name in names.items():
        script = script.replace(placeholder, quote_identifier(name))
    for statement in script.split(";\n"):
        if statement.strip() and (rows or not re.search("^insert ", statement, re.MULTILINE)):
            target.command(statement)


def fill_brand_visibility(connection: psycopg.Connection, answers: int = 400) -> None:
    """Create the schema `brand_visibility`, its two tables and so many ordinary answers, and the pitfalls. One transaction."""
    script = (SCRIPTS / "brand_visibility.sql").read_text().replace(":answers", sql.Literal(answers).as_string(connection))
    connection.execute(script.encode())


def dsn(source: Mapping[str, str | int]) -> str:
    """libpq's connection string for the keys of `source.connection_from_environment`."""
    return psycopg.conninfo.make_conninfo(
        host=source["host"],
        port=source["port"],
        user=source["user"],
        password=source["password"] or None,
        dbname=source["database"],
    )
