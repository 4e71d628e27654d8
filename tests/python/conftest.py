"""A real PostgreSQL for each worker, a database of it and a throwaway copy of the dbt project for each test."""

import contextlib
import functools
import gc
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import psycopg
import pytest
from dbt.adapters.chdb import ENGINE_OPTIONS
from xdist.scheduler import LoadFileScheduling

from clickhouse_server import ClickHouse, ServerProject
from entity_metrics import embedded_postgres, sample_site
from entity_metrics.target import Target, embedded_target
from faster import make_faster
from harness import Project, Server
from postgres_server import SAMPLE_MONTHS
from serving import Valkey, close_clients
from warm import Warm

make_faster()
gc.set_threshold(200_000, 20, 50)  # dbt's manifests are large and stay: looking through them takes a tenth of the time

LONGEST = (
    *("report", "brand_visibility", "user_totals", "audit", "packages", "follow", "server", "publishing", "totals", "diff"),
    *("torture", "cache_tools", "backfill", "staging", "bad_input", "no_drift", "cutover", "cache_bulk", "lookups", "doctor"),
    *("what_does_not_fit", "command_line", "connection", "counting_once", "pull_source", "time_zones", "extending", "registry"),
)
"""What is tested in the files that take longest, the longest first, so that no worker is left with one in the end."""

TOGETHER = {
    **dict.fromkeys(("brand_visibility_guards", "brand_visibility_history", "brand_visibility_values"), "brand_visibility"),
    **dict.fromkeys(("jobs", "vars"), "publishing"),
    "cached_users": "user_totals",
}
"""Files that go to the worker that another one goes to: they begin as the same prepared copy."""

PASSWORD = "s3cret-Pa55 'word\\"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


class Scheduling(LoadFileScheduling):
    """Gives a worker a file and those that go together with it."""

    def _split_scope(self, nodeid: str) -> str:
        name = Path(super()._split_scope(nodeid)).stem.removeprefix("test_")
        return TOGETHER.get(name, name)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    return Scheduling(config, log) if config.option.dist == "loadfile" else None


def sample_server(folder: Path, entities: int = 100) -> Server:
    """An embedded PostgreSQL with the sample site in the database `sample`; it asks for a password, as a real one does."""
    server = Server(folder, embedded_postgres.start(folder))
    with server.connect("postgres") as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
        connection.execute("create role site login superuser password " + psycopg.sql.quote(PASSWORD))
        connection.execute("create database sample")
    with server.connect("sample") as connection, connection.transaction():
        sample_site.fill(connection, entities, SAMPLE_MONTHS)
        sample_site.fill_brand_visibility(connection, 40)
    authentication = folder / "pg_hba.conf"
    authentication.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    with server.connect("postgres") as connection:
        connection.execute("select pg_reload_conf()")
    return server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The PostgreSQL of this worker."""
    made = sample_server(tmp_path_factory.mktemp("postgres") / "data")
    yield made
    made.stop()


_numbers = itertools.count()

SERVED = "event_table totals lookups"
"""What `served_site` has, from an empty event table."""

OTHER_JOBS = ("source_events", "brand_visibility")
"""Jobs that a copy of the project has only where the test module's constant JOB names them: dbt reads all files each time."""


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    folder = tmp_path_factory.getbasetemp()
    warm = Warm((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "kept")
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def prepared(server: Server, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Gives a copy of the project with that job and its source connected to the database `sample`, and run once.

    The same arguments give the same copy; tests begin as it, and leave it as it is.
    """

    @functools.cache
    def prepare(job: str | None, selected: str | None, variables: str = "{}") -> Project:
        made = Project(tmp_path_factory.mktemp("prepared"), server, "sample", PASSWORD, warm, without(job))
        if selected:
            made.begin_as(prepare(job, None), chdb=True)
            if selected == SERVED:
                made.create_event_table()
            made.dbt_here("run", "--select", *selected.split(), "--vars", variables)
        else:
            made.connect("--source", "brand_visibility" if job == "brand_visibility" else "postgres")
        return made

    return prepare


@pytest.fixture(scope="session")
def parsed_for_server(server: Server, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | None], Project]:
    """Gives a copy of the project with that job, parsed for a server as its target."""

    @functools.cache
    def parse(job: str | None) -> Project:
        made = ServerProject(tmp_path_factory.mktemp("parsed"), server, "sample", PASSWORD, warm, without(job))
        made.dbt("parse", "--target", "server")
        return made

    return parse


def without(job: str | None) -> tuple[str, ...]:
    """The jobs that a copy for that one lacks."""
    return () if job == "all" else tuple(other for other in OTHER_JOBS if other != job)


@pytest.fixture
def project(request: pytest.FixtureRequest, server: Server, warm: Warm, prepared, tmp_path: Path) -> Iterator[Project]:
    """A copy of the project with a database of its own in `server`, and no chDB folder. Not yet connected."""
    job = getattr(request.module, "JOB", None)
    with source_database(server) as database:
        made = Project(tmp_path, server, database, PASSWORD, warm, without(job))
        built = "built" in request.fixturenames
        run = (request.module.BUILT, getattr(request.module, "VARS", "{}")) if built else (None,)
        made.begin_as(prepared(job, *run), chdb=built or "connected" in request.fixturenames)
        yield made
        made.close()


def pytest_sessionfinish() -> None:
    """pytest looks through all objects when it ends."""
    gc.freeze()


@contextlib.contextmanager
def source_database(server: Server) -> Iterator[str]:
    """A copy of the database `sample`, while it is used. One in which nothing was written is used again."""
    transaction = "select pg_snapshot_xmax(pg_current_snapshot())"  # the next one that writes anything
    if server.unchanged:
        database = server.unchanged.pop()
    else:
        database = f"test_{next(_numbers)}"
        server.copy_sample(database)
    with server.connect("postgres") as connection:
        before = connection.execute(transaction).fetchone()
    yield database
    with server.connect("postgres") as connection:
        is_unchanged = connection.execute(transaction).fetchone() == before
    if is_unchanged:
        server.unchanged.append(database)
    else:
        server.drop(database)


@pytest.fixture
def clickhouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ClickHouse]:
    """A ClickHouse server with nothing in it, in the time zone that the test module's constant TIMEZONE names, else in UTC."""
    made = ClickHouse(tmp_path / "clickhouse", getattr(request.module, "TIMEZONE", "UTC"))
    yield made
    made.stop()


@pytest.fixture
def served(request: pytest.FixtureRequest, server: Server, warm: Warm, parsed_for_server, clickhouse, tmp_path: Path):
    """A copy of the project with that server as its target and a database of its own as its source. Not yet connected.

    The test module's constant CLUSTER names a cluster that the target is.
    """
    job, cluster = getattr(request.module, "JOB", None), getattr(request.module, "CLUSTER", None)
    with source_database(server) as database:
        made = ServerProject(tmp_path, server, database, PASSWORD, warm, without(job), clickhouse=clickhouse)
        if cluster:
            made.environment["CLICKHOUSE_CLUSTER"] = cluster
        else:
            made.begin_as(parsed_for_server(job), chdb=False)
        yield made
        made.close()


@pytest.fixture(scope="module")
def served_site(server: Server, warm: Warm, prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with an empty event table, whose totals and lookups are built. The tests of a module share it."""
    made = Project(tmp_path_factory.mktemp("served"), server, "sample", PASSWORD, warm, without("source_events"))
    made.begin_as(prepared("source_events", SERVED), chdb=True)
    yield made
    close_clients()
    made.close()


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A Valkey with nothing in it."""
    made = Valkey()
    yield made
    made.close()


@pytest.fixture
def connected(project: Project) -> Project:
    """The project with its source connected and its seeds loaded."""
    return project


@pytest.fixture
def built(project: Project) -> Project:
    """The same with the models run that the test module's constant BUILT selects, with its VARS, from the rows in `sample`."""
    return project


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Target]:
    """A target in this process, with an empty database. Not beside `project`: a process has one chDB folder open at a time."""
    path = str(tmp_path / "chdb")
    with clickhouse_connect.get_client(interface="chdb", path=path, chdb_options=ENGINE_OPTIONS) as client:
        client.command("create database entity_metrics")  # dbt's client makes one of a name once in a process
    target = embedded_target(path, "entity_metrics")
    yield target
    target.close()
