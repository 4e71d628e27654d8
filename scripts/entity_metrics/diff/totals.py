"""Each metric's total on both sides, and how many entities differ in it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.binding import format_query_value

from entity_metrics.diff.plan import Node
from entity_metrics.target import Target

TOTALS = ("entity_type", "quantity", "entity_id", "total")
EVENTS = ("entityType", "metricType", "entityId", "metricValue")


@dataclass
class Total:
    """A metric. entities: how many differ, of so many on either side."""

    entity_type: str
    quantity: str
    before: int
    after: int
    entities_that_differ: int
    entities: int

    @property
    def difference(self) -> int:
        return self.after - self.before

    def as_json(self) -> dict[str, Any]:
        share = round(100 * self.difference / self.before, 4) if self.before else None
        return asdict(self) | {"difference": self.difference, "percent": share}


def chosen(nodes: list[Node], columns: dict[str, dict[str, Any]]) -> tuple[list[str], tuple[str, ...], str]:
    """Which nodes have the totals: the totals themselves, else what is published, else event models.

    columns: by node those of the side that has it. Returns ids, the names of the four columns, and what a reader is told.
    """
    named = [node for node in nodes if node.name == "metric_totals" and set(TOTALS) <= set(columns.get(node.id, {}))]
    if named:
        return [named[0].id], TOTALS, "metric_totals"
    events = [node for node in nodes if set(EVENTS) <= set(columns.get(node.id, {}))]
    published = [node for node in events if node.materialized == "publish"]
    said = "the slices that are published" if published else "the event models"
    return [node.id for node in published or events], EVENTS, said


def totals(engine: Target, sides: list[list[Path]], names: tuple[str, ...]) -> list[Total]:
    """The totals of all metrics, the largest difference first. sides: the files of both."""
    entity_type, quantity, entity, value = names
    selected = [
        f"select {side} as side, toString({entity_type}) as type, toString({quantity}) as name, {entity} as entity,"
        f" toInt64({value}) as value from file({format_query_value(str(file))}, 'Native')"
        for side, files in enumerate(sides)
        for file in files
    ]
    if not selected:
        return []
    rows = engine.rows(
        "select type, name, sum(before), sum(after), countIf(before != after or is_there[1] != is_there[2]), count()"
        " from (select type, name, entity, sumIf(value, side = 0) as before, sumIf(value, side = 1) as after,"
        " [countIf(side = 0) > 0, countIf(side = 1) > 0] as is_there"
        f" from ({' union all '.join(selected)}) group by type, name, entity)"
        " group by type, name order by abs(sum(after) - sum(before)) desc, type, name"
    )
    return [Total(*row) for row in rows]
