"""The databases of a trial: made with our mark, and dropped only where they carry it."""

import secrets
from dataclasses import dataclass

from clickhouse_connect.driver.binding import quote_identifier

from entity_metrics.target import Target

MARK = "A trial of entity-metrics: dropped when it ends."
"""The comment of the databases that a trial makes. One without it is somebody else's."""

TEST_RESULTS = "_dbt_test__audit"
"""dbt's name for the database of test results is that of the models with this at its end."""


@dataclass(frozen=True)
class Trial:
    """A trial on a target. id: eight hexadecimal digits, the var `trial_id`; database: where its models are built."""

    target: Target
    id: str

    @property
    def database(self) -> str:
        return f"{self.target.database}_trial_{self.id}"

    @property
    def databases(self) -> tuple[str, str]:
        return self.database, self.database + TEST_RESULTS

    def drop(self) -> None:
        """Drop what the trial built. A database of its names that does not carry our mark stays."""
        for name in self.databases:
            ours = "select name from system.databases where name = {name:String} and comment = {mark:String}"
            if self.target.rows(ours, {"name": name, "mark": MARK}):
                self.target.command(f"drop database {quote_identifier(name)}{self.target.on_cluster}")


def begin(target: Target) -> Trial:
    """Make the databases of a new trial. Raises DbtDatabaseError with the engine's refusal."""
    trial = Trial(target, secrets.token_hex(4))
    engine = f" engine = {target.database_engine}" if target.database_engine else ""
    try:
        for name in trial.databases:
            # Without `if not exists`: a database that is there is not ours.
            target.command(f"create database {quote_identifier(name)}{target.on_cluster}{engine} comment '{MARK}'")
    except Exception:
        trial.drop()
        raise
    return trial


def left_behind(target: Target) -> list[str]:
    """Databases with our mark: of trials that run now, or were killed."""
    found = target.rows("select name from system.databases where comment = {mark:String} order by name", {"mark": MARK})
    return [name for (name,) in found]
