"""The sample site: an embedded PostgreSQL with the site's tables and a few thousand rows."""

import os
from pathlib import Path

import psycopg
from psycopg import sql

from entity_metrics import PROJECT, embedded_postgres
from entity_metrics.source import connection_from_environment

FOLDER = PROJECT / ".sample_site"
"""Where the sample site's PostgreSQL keeps its data, in the subfolder `postgres`."""

SCRIPTS = PROJECT / "scripts" / "sample_site"


def use(folder: Path = FOLDER, entities: int = 500) -> dict[str, str]:
    """Start the sample site, making it if need be, and point libpq's variables of this process at it.

    entities: how many entities the smallest tables get when the site is made. Returns those variables.
    """
    environment = embedded_postgres.start(folder / "postgres")
    environment |= {f"BRAND_VISIBILITY_{name}": value for name, value in environment.items()}
    environment["BRAND_VISIBILITY_PGSCHEMA"] = "brand_visibility"
    os.environ.update(environment)
    with psycopg.connect(dsn(connection_from_environment())) as connection:
        made = connection.execute("select to_regclass('public.\"BountyMetric\"') is not null").fetchone()
        if made != (True,):
            fill(connection, entities)
        made = connection.execute("select to_regclass('brand_visibility.extracted_positions') is not null").fetchone()
        if made != (True,):
            fill_brand_visibility(connection)
    return environment


def fill(connection: psycopg.Connection, entities: int) -> None:
    """Create the site's tables, and their rows, in an empty schema. One transaction: all of it or nothing."""
    connection.execute((SCRIPTS / "schema.sql").read_bytes())
    rows = (SCRIPTS / "rows.sql").read_text().replace(":entities", sql.Literal(entities).as_string(connection))
    connection.execute(rows.encode())


def fill_brand_visibility(connection: psycopg.Connection, answers: int = 400) -> None:
    """Create the schema `brand_visibility`, its two tables and so many ordinary answers, and the pitfalls. One transaction."""
    script = (SCRIPTS / "brand_visibility.sql").read_text().replace(":answers", sql.Literal(answers).as_string(connection))
    connection.execute(script.encode())


def dsn(source: dict[str, str | int]) -> str:
    """libpq's connection string for the keys of `connection_from_environment`."""
    return psycopg.conninfo.make_conninfo(
        host=source["host"],
        port=source["port"],
        user=source["user"],
        password=source["password"] or None,
        dbname=source["database"],
    )
