"""What user_totals has in place of UserMetric: the table `audit_users`, which dbt builds with the audit."""

from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from entity_metrics.target import Target
from entity_metrics.terminal import say, show

TABLE = "UserMetric"


@dataclass
class UserColumn:
    """A row of the table `audit_users`: a column of UserMetric and the one of user_totals in its place.

    agreement: `equal`, or `by definition`, for the reason. Users who have any of it are equal; newer, as they were counted
    since, or have events of other writers; overcounted, with more in the legacy table, which never counts down; only_legacy;
    only_here; or different. worst: at most five who are neither equal nor newer. problem: why it fails, or ''.
    """

    legacy_column: str
    shown_column: str
    agreement: str
    reason: str
    counted_from: str
    legacy_total: int
    total: int
    equal: int
    newer: int
    overcounted: int
    only_legacy: int
    only_here: int
    different: int
    worst: list[dict[str, int]]
    problem: str

    @property
    def coverage(self) -> float | None:
        """Share of the users who are equal; None where nobody has any of it."""
        users = self.equal + self.newer + self.overcounted + self.only_legacy + self.only_here + self.different
        return self.equal / users if users else None

    @property
    def sentence(self) -> str:
        """What is wrong, where, and the remedy; or how the two differ."""
        if self.problem:
            users = ", ".join(f"{user['entity_id']} ({user['before']:,}, then {user['after']:,})" for user in self.worst)
            remedy = "run user_metrics, then totals and user_totals"
            return f"{TABLE}.{self.legacy_column} and user_totals: {self.problem}, as of {users}; {remedy}"
        return f"{TABLE}.{self.legacy_column} is user_totals.{self.shown_column} by definition: {self.reason}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"coverage": self.coverage}


COLUMNS = tuple(UserColumn.__dataclass_fields__)


def read(target: Target) -> list[UserColumn]:
    """Those of the last audit; none where UserMetric was not staged or user_totals not built, or an older audit knew no users."""
    table = f"{target.database}.audit_users"
    if not target.exists(table):
        return []
    return [UserColumn(*row) for row in target.rows(f"select {', '.join(COLUMNS)} from {table} order by legacy_column")]


def print_users(where: Console, columns: list[UserColumn]) -> None:
    """Print them as a table, and what is wrong."""
    classes = ("equal", "newer", "overcounted", "only legacy", "only here", "different")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (TABLE, "user_totals"):
        table.add_column(name, no_wrap=True)
    for name in (*classes, "coverage"):
        table.add_column(name, justify="right")
    table.add_column("agreement")
    for column in columns:
        counts = [f"{getattr(column, name.replace(' ', '_')):,}" for name in classes]
        coverage = "" if column.coverage is None else f"{column.coverage:.4f}"
        table.add_row(column.legacy_column, column.shown_column, *counts, coverage, column.agreement)
    show(where, table)
    where.print()
    for column in columns:
        if column.problem:
            say(where, f"{column.sentence}.", style="red")
