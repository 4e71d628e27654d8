"""The dbt adapter `chdb`: dbt-clickhouse with the ClickHouse engine in process."""

import gc
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ProgrammingError
from dbt.adapters.base import AdapterPlugin
from dbt.adapters.clickhouse import ClickHouseAdapter, ClickHouseConnectionManager, ClickHouseCredentials
from dbt.adapters.clickhouse.httpclient import ChHttpClient
from dbt.adapters.clickhouse.logger import logger
from dbt.adapters.exceptions import FailedToConnectError
from dbt.include import chdb

DEFAULT_PATH = ".chdb"

ENGINE_OPTIONS = {
    "background_pool_size": 4,
    "background_merges_mutations_concurrency_ratio": 32,
    "database_atomic_delay_before_drop_table_sec": 0,
}
"""A merge or mutation waits, half a second at a time, until fewer than threads times the ratio are at work: a delete in 120 small
parts takes 0.7 s, and 10 s with four threads and the default ratio, 2. A dropped table stays for eight minutes by default, and is
opened again by each process that opens the folder: after a test of everything that is half of the time that opening takes."""

_opening = threading.Lock()
"""Held while a connection opens. The first one imports chdb, which changes the folder meanwhile: a relative path would differ."""

__all__ = ["ENGINE_OPTIONS", "ChdbAdapter", "ChdbClient", "ChdbConnectionManager", "ChdbCredentials", "Plugin"]


@dataclass
class ChdbCredentials(ClickHouseCredentials):
    """dbt-clickhouse's credentials plus `path`, the folder that holds chDB's data."""

    path: str = DEFAULT_PATH

    def __post_init__(self) -> None:
        """An empty path, as an empty variable of the environment gives it, is the default: never the folder of the project."""
        super().__post_init__()
        self.path = self.path or DEFAULT_PATH

    @property
    def type(self) -> str:
        return "chdb"

    @property
    def unique_field(self) -> str:
        return self.path

    def _connection_keys(self) -> tuple[str, ...]:
        return ("path", "schema", "custom_settings")


class ChdbClient(ChHttpClient):
    """dbt-clickhouse's HTTP client on an embedded `clickhouse_connect` client, which has the same interface."""

    def _create_client(self, credentials: ChdbCredentials):
        """Open the folder `credentials.path`, making it if need be.

        Raises FailedToConnectError, naming the folder, if it cannot be written or another process has it open.
        """
        with _opening:
            return self._open(Path(credentials.path).expanduser().resolve())

    def _open(self, path: Path):
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The engine keeps named collections, passwords included, in files that everybody may read: nobody else gets there.
            collections = path / "named_collections"
            collections.mkdir(exist_ok=True)
            collections.chmod(0o700)
            if not os.access(path, os.W_OK):
                raise PermissionError(path)
        except OSError as ex:
            raise FailedToConnectError(
                f"The chDB folder {path} cannot be written: name another by ENTITY_METRICS_CHDB_PATH."
            ) from ex
        try:
            return clickhouse_connect.get_client(
                interface="chdb", path=str(path), chdb_options=ENGINE_OPTIONS, query_limit=0, settings=self._conn_settings
            )
        except ProgrammingError as ex:
            if "EmbeddedServer" not in str(ex):
                raise FailedToConnectError(f"chDB could not open {path}: {ex}") from ex
            raise FailedToConnectError(
                f"The chDB folder {path} is in use by another process: wait for it or stop it, "
                "or name another folder by ENTITY_METRICS_CHDB_PATH."
            ) from ex


class ChdbConnectionManager(ClickHouseConnectionManager):
    TYPE = "chdb"

    @classmethod
    def open(cls, connection):
        if connection.state == "open":
            return connection
        opened = cls.retry_connection(
            connection,
            connect=lambda: ChdbClient(cls.get_credentials(connection.credentials)),
            logger=logger,
            retry_limit=0,
            retryable_exceptions=[],
        )
        # dbt's graph stays until the command ends. Collecting garbage would go through it in the midst of models, for 0.14 s.
        gc.freeze()
        return opened

    @classmethod
    def close(cls, connection):
        gc.unfreeze()
        return super().close(connection)


class ChdbAdapter(ClickHouseAdapter):
    ConnectionManager = ChdbConnectionManager


Plugin = AdapterPlugin(
    adapter=ChdbAdapter,
    credentials=ChdbCredentials,
    include_path=chdb.PACKAGE_PATH,
    dependencies=["clickhouse"],
)
