"""What the benchmarks do in Postgres."""

import os
import subprocess
import time

import psycopg

from entity_metrics import embedded_postgres, sample_site
from entity_metrics.source import PREFIXES, connection_from_environment, source_tables

SCHEMA = "entity_metrics_benchmark"
"""The schema in a Postgres that is given."""


def connect(source: str = "postgres") -> psycopg.Connection:
    """A connection to the Postgres that the variables of that source name, in its schema."""
    named = connection_from_environment(source)
    return psycopg.connect(sample_site.dsn(named), options=f"-c search_path={named['schema']}", autocommit=True)


def make_site(connection: psycopg.Connection) -> None:
    """The sample site's tables, each with a few rows, in a new schema of the connection's name, if they are not there."""
    if connection.execute("select to_regclass('\"BuzzTip\"') is not null").fetchone() != (True,):
        schema = connection_from_environment()["schema"]
        connection.execute(f"drop schema if exists {schema} cascade; create schema {schema}".encode())
        with connection.transaction():
            sample_site.fill(connection, 100)


def fill_table(table: str, rows: int, script: str, vacuum: str) -> int:
    """Have a table with so many rows, made if need be by a script of scripts/sample_site, then vacuumed. Returns rows.

    script: with `:rows` for their number. vacuum: the statement.
    """
    with connect() as connection:
        make_site(connection)
        if connection.execute(f'select count(*) from "{table}"'.encode()).fetchone() != (rows,):
            text = (sample_site.SCRIPTS / script).read_text().replace(":rows", str(rows))
            with connection.transaction():
                connection.execute(text.encode())
            connection.execute(vacuum.encode())
    return rows


def copy_statement(table: str, where: str = "", source: str = "postgres") -> str:
    """COPY of the columns that models/sources/ declares, without those that serve the condition alone, to STDOUT."""
    columns = [f'"{name}"' for name in source_tables(source)[table] if f"{name} " not in where]
    schema = connection_from_environment(source)["schema"]
    return f"""copy (select {", ".join(columns)} from "{schema}"."{table}" {where}) to stdout"""


def bare_copy_seconds(statements: list[str], source: str) -> float:
    """Seconds of these COPYs, one after the other in one psql, to nowhere."""
    command = [str(embedded_postgres.PSQL), "--no-psqlrc", "--quiet"]
    for statement in statements:
        command += ["--command", statement]
    prefix = PREFIXES[source]
    names = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")
    given = {name: os.environ[prefix + name] for name in names if prefix + name in os.environ}
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=os.environ | given)
    return time.perf_counter() - started
