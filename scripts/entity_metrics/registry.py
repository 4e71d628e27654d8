"""Who counts what: seeds/metrics.csv, and what the var counted_from makes of it."""

import csv
import functools
from dataclasses import dataclass
from typing import Any

from entity_metrics import PROJECT
from entity_metrics.errors import EntityMetricsError

FILE = PROJECT / "seeds" / "metrics.csv"


@dataclass(frozen=True)
class Quantity:
    """A row of the registry, as far as it is needed here. counted_from: the job that counts it if no var says otherwise."""

    entity_type: str
    name: str
    legacy_table: str
    legacy_column: str
    package: str
    agreement: str
    counted_from: str
    reason: str

    def owner(self, counted_from: dict[str, Any]) -> str:
        """The job that counts it: its own key of the var, else its entity type's, else '*'; where only one job can, that one."""
        if not self.package:
            return "metric_tables"
        if not self.legacy_table:
            return "source_events"
        for key in (f"{self.entity_type}.{self.name}", self.entity_type, "*"):
            if key in counted_from:
                return counted_from[key]
        return self.counted_from


@functools.cache
def quantities() -> tuple[Quantity, ...]:
    """All rows. Raises EntityMetricsError if the file lacks one of the columns."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        return tuple(
            Quantity(
                row["entity_type"],
                row["quantity"],
                row["legacy_table"],
                row["legacy_column"],
                row["package"],
                row["agreement"],
                row["counted_from"],
                row["reason"],
            )
            for row in rows
        )
    except KeyError as ex:
        raise EntityMetricsError(f"{FILE.name} has no column {ex.args[0]}.") from ex


def of_table(table: str) -> list[Quantity]:
    """What a legacy table counts."""
    return [quantity for quantity in quantities() if quantity.legacy_table == table]


def of_package(package: str) -> list[Quantity]:
    """What a package counts."""
    return [quantity for quantity in quantities() if quantity.package == package]


def other_job(job: str) -> str:
    """The other one of the two jobs that can count a quantity."""
    return "source_events" if job == "metric_tables" else "metric_tables"
