"""A ClickHouse server as the tests have it, and a copy of the dbt project that goes to it by the stock adapter."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import clickhouse_connect
from dbt.adapters.chdb import ENGINE_OPTIONS

from harness import Project

SECRET = "cl1ckhouse-Pa55 'word\\"


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


class ClickHouse:
    """An HTTP endpoint over a chDB folder, in a process of its own, with a user `default` and a password.

    environment: the variables by which profiles.yml finds it. Its port is the same for all servers of a test process, since dbt
    parses all files anew for another one.
    """

    port = free_port()
    environment: ClassVar = {
        "ENTITY_METRICS_TARGET": "server",
        "CLICKHOUSE_HOST": "127.0.0.1",
        "CLICKHOUSE_PORT": str(port),
        "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD": SECRET,
    }

    def __init__(self, folder: Path, timezone: str = "UTC") -> None:
        script, options = Path(__file__).with_name("http_clickhouse.py"), urlencode(ENGINE_OPTIONS)
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(folder), options, str(self.port), SECRET],
            stdout=subprocess.PIPE,
            env=os.environ | {"TZ": timezone},
        )
        assert self._process.stdout and self._process.stdout.readline() == b"ready\n"

    def client(self) -> Any:
        return clickhouse_connect.get_client(
            host="127.0.0.1",
            port=self.port,
            username="default",
            password=SECRET,
            settings={"session_timezone": "UTC", "mutations_sync": "2"},
        )

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class ServerProject(Project):
    """A copy of the project whose target is a server: several commands can use it at once, and so can the test."""

    def __init__(self, *arguments: Any, clickhouse: ClickHouse | None = None) -> None:
        """clickhouse: None for a copy that is only parsed."""
        super().__init__(*arguments)
        self.environment |= ClickHouse.environment
        self.clickhouse = clickhouse

    def client(self) -> Any:
        assert self.clickhouse
        return self.clickhouse.client()

    def release(self) -> None:
        """Nothing: the server is not the client's."""


def without_session_timezone(project: Project) -> None:
    """Have the session's zone be that of the machine or server."""
    profiles = project.folder / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("session_timezone: UTC", "max_threads: 1"))
