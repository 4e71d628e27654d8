"""A PostgreSQL server of the tests."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from entity_metrics import PROJECT, embedded_postgres

SAMPLE_MONTHS = 7
"""Months of the sample site in the tests, every fourth: each is a part of each table of events, which takes ten milliseconds."""


@dataclass
class Server:
    """A PostgreSQL server: its data folder and libpq's variables for its superuser.

    unchanged: databases that are as `sample` is, which nobody uses.
    """

    folder: Path
    environment: dict[str, str]
    unchanged: list[str] = field(default_factory=list)

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=self.environment["PGHOST"],
            port=self.environment["PGPORT"],
            user="postgres",
            dbname=database,
            autocommit=True,
        )

    def copy_sample(self, database: str) -> None:
        """Make a database as `sample` is, by its files: that takes the same time however many there were."""
        with self.connect("postgres") as connection:
            connection.execute(f"create database {database} template sample strategy file_copy")

    def drop(self, database: str) -> None:
        """Drop a database, whoever is connected to it: to wait for them, `drop database` itself sleeps a tenth of a second."""
        with self.connect("postgres") as connection:
            end_all = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'"
            while connection.execute(end_all).fetchall():
                time.sleep(0.002)
            connection.execute(f"drop database {database} with (force)")

    def stop(self) -> None:
        embedded_postgres.stop(self.folder)

    def start(self) -> None:
        # A process of its own: the wheel keeps a handle to the stopped server in this one.
        code = f"from pathlib import Path; from entity_metrics import embedded_postgres as e; e.start(Path({str(self.folder)!r}))"
        subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(PROJECT / "scripts")})
