"""The ClickHouse target, as dbt's own profile names it."""

import os
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from dbt.adapters.chdb import ChdbClient
from dbt.adapters.clickhouse.dbclient import ChClientWrapper, get_db_client
from dbt.cli.resolvers import default_profiles_dir
from dbt.config.runtime import load_profile
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

from entity_metrics import PROJECT


@dataclass
class Target:
    """A connection of its own to the target that dbt uses.

    name: the profile's output, such as `embedded`; database: the ClickHouse database of the models.
    """

    name: str
    database: str
    client: ChClientWrapper
    cluster: str | None = None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows that a query gives. Raises DbtDatabaseError with the engine's message."""
        return list(self.client.query(sql).result_rows)

    def value(self, sql: str) -> Any:
        """The first column of the only row that a query gives."""
        return self.rows(sql)[0][0]

    def command(self, sql: str) -> None:
        """Run a statement that gives no rows. Raises DbtDatabaseError with the engine's message."""
        self.client.command(sql)

    def drop_trial(self) -> None:
        """Drop what a trial built: the databases of its models and of its test results."""
        on_cluster = f" on cluster `{self.cluster}`" if self.cluster else ""
        for name in (f"{self.database}_trial", f"{self.database}_trial_dbt_test__audit"):
            self.command(f"drop database if exists {name}{on_cluster}")

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
    client = ChdbClient(credentials) if credentials.type == "chdb" else get_db_client(credentials)
    return Target(profile.target_name, credentials.schema, client, credentials.cluster or None)
