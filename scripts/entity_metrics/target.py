"""The ClickHouse target, as dbt's own profile names it."""

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.binding import format_query_value, quote_identifier
from dbt.adapters.chdb import ChdbClient, ChdbCredentials
from dbt.adapters.clickhouse.dbclient import ChClientWrapper, get_db_client
from dbt.cli.resolvers import default_profiles_dir
from dbt.config.runtime import load_profile
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

from entity_metrics import PROJECT
from entity_metrics.explain import explain


@dataclass
class Target:
    """A connection of its own to the target that dbt uses.

    name: the profile's output, such as `embedded`; database: the ClickHouse database of the models; embedded: whether the engine
    runs in this process; database_engine: that of the databases that dbt makes, '' for the server's default.
    """

    name: str
    database: str
    client: ChClientWrapper
    cluster: str | None = None
    embedded: bool = False
    database_engine: str = ""

    @property
    def on_cluster(self) -> str:
        return f" on cluster {quote_identifier(self.cluster)}" if self.cluster else ""

    def rows(self, sql: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows that a query gives. values: of the placeholders, written as {name:Type}. Raises what dbt's client raises."""
        for name, value in (values or {}).items():
            sql = sql.replace(f"{{{name}:String}}", format_query_value(value))
        return list(self.client.query(sql).result_rows)

    def value(self, sql: str, values: dict[str, Any] | None = None) -> Any:
        """The first column of the only row that a query gives."""
        return self.rows(sql, values)[0][0]

    def command(self, sql: str) -> None:
        """Run a statement that gives no rows. Raises DbtDatabaseError with the engine's message."""
        self.client.command(sql)

    def exists(self, relation: str) -> bool:
        """Whether there is a table or view of that name, with its database."""
        return bool(self.value(f"exists table {relation}"))

    def close(self) -> None:
        self.client.close()


def open_target(name: str | None = None) -> Target:
    """Open the profile's output `name`, the profile's default if None.

    Raises dbt's own exceptions: DbtProfileError for a profile that does not fit, FailedToConnectError or
    ChRetryableException where the engine cannot be reached.
    """
    set_invocation_context(os.environ)
    profiles_folder = os.environ.get("DBT_PROFILES_DIR") or str(default_profiles_dir())
    set_from_args(Namespace(project_dir=str(PROJECT), profiles_dir=profiles_folder), None)
    profile = load_profile(str(PROJECT), {}, target_override=name)
    credentials = profile.credentials
    embedded = credentials.type == "chdb"
    client = ChdbClient(credentials) if embedded else get_db_client(credentials)
    return Target(
        profile.target_name,
        credentials.schema,
        client,
        credentials.cluster or None,
        embedded,
        credentials.database_engine or "",
    )


def embedded_target(path: str, database: str) -> Target:
    """A chDB folder, whatever the profile says. Raises FailedToConnectError where it cannot be opened."""
    credentials = ChdbCredentials(schema=database, path=path)
    credentials.custom_settings = {"session_timezone": "UTC"}
    return Target("embedded", database, ChdbClient(credentials), embedded=True)


@contextmanager
def opened_target(name: str | None = None) -> Iterator[Target]:
    """The target, closed at the end of the block. Raises EntityMetricsError for one that cannot be opened."""
    try:
        target = open_target(name)
    except Exception as ex:
        raise explain(ex) from ex
    try:
        yield target
    finally:
        target.close()
