"""A real PostgreSQL for each worker, a database of it and a throwaway copy of the dbt project for each test."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from entity_metrics import embedded_postgres, sample_site
from harness import Project, Server

PASSWORD = "s3cret-Pa55 'word\\"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An embedded PostgreSQL with the sample site in the database `sample`; it asks for a password, as a real one does."""
    folder = tmp_path_factory.mktemp("postgres") / "data"
    server = Server(folder, embedded_postgres.start(folder))
    with server.connect("postgres") as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
        connection.execute("create role site login superuser password " + psycopg.sql.quote(PASSWORD))
        connection.execute("create database sample")
    with server.connect("sample") as connection, connection.transaction():
        sample_site.fill(connection, 100)
        sample_site.fill_brand_visibility(connection, 40)
    authentication = folder / "pg_hba.conf"
    authentication.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    with server.connect("postgres") as connection:
        connection.execute("select pg_reload_conf()")
    yield server
    embedded_postgres.stop(folder)


_numbers = itertools.count()


OTHER_JOBS = ("source_events", "brand_visibility")
"""Jobs that a copy of the project has only where the test module's constant JOB names them."""


@pytest.fixture(scope="session")
def parsed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of metric tables, parsed, for dbt to read instead of parsing each copy anew."""
    copy = Project(tmp_path_factory.mktemp("parsed"), server, "sample", PASSWORD, OTHER_JOBS)
    copy.dbt("parse")
    return copy.folder / "target" / "partial_parse.msgpack"


@pytest.fixture
def project(request: pytest.FixtureRequest, server: Server, parsed: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of the project with a database of its own in `server`, and an empty chDB folder. Not yet connected."""
    database = f"test_{next(_numbers)}"
    with server.connect("postgres") as connection:
        connection.execute(f"create database {database} template sample")
    without = tuple(job for job in OTHER_JOBS if job != getattr(request.module, "JOB", None))
    made = Project(tmp_path, server, database, PASSWORD, without, parsed if without == OTHER_JOBS else None)
    yield made
    made.close()
    with server.connect("postgres") as connection:
        connection.execute(f"drop database {database} with (force)")


@pytest.fixture
def connected(project: Project) -> Project:
    """The project with its source connected and its seeds loaded."""
    project.connect()
    return project
