"""What the audit found: the table `audit`, which dbt builds, as quantities with their hops."""

import datetime
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from entity_metrics.audit_users import UserColumn, print_users
from entity_metrics.audit_users import read as read_users
from entity_metrics.dbt_runs import Dbt
from entity_metrics.errors import EntityMetricsError
from entity_metrics.target import Target, opened_target
from entity_metrics.terminal import say, show

STEPS = {
    "staged": ("Postgres", "the staged rows", "run the table's job again"),
    "events": ("the source", "the event table", "run the job that counts it"),
    "days": ("the event table", "the days", "run `dbt build --full-refresh --select totals`"),
    "totals": ("the days", "the totals", "run `dbt build --full-refresh --select totals`"),
    "cache": ("the totals", "the cache", "drop these keys from the cache, which fills them again"),
}
"""Each hop: what is before it, what is after it, and what makes it good."""


LISTED = 20
"""So many quantities that differ are named, with their keys."""


@dataclass
class Hop:
    """A row of the table `audit`.

    Keys are entities whose sum is not zero. missing: of these before the hop, gone after it; too_many: the other way round;
    different: on both sides with other sums; newer: changed since, which is no loss. worst: at most five of those that differ.
    problem: why it fails, or ''.
    """

    hop: str
    keys_before: int
    keys_after: int
    equal: int
    missing: int
    too_many: int
    different: int
    newer: int
    sum_before: int
    sum_after: int
    worst: list[dict[str, int]]
    problem: str

    @property
    def coverage(self) -> float | None:
        """Share of the keys of either side that are equal; None where there are none."""
        keys = self.equal + self.missing + self.too_many + self.different + self.newer
        return self.equal / keys if keys else None

    @property
    def sentence(self) -> str:
        """What is wrong, where, and the remedy."""
        before, after, remedy = STEPS[self.hop]
        if not (self.missing or self.too_many or self.different):
            return self.problem
        counts = {"missing": self.missing, "too many": self.too_many, "different": self.different}
        found = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        keys = ", ".join(f"{key['entity_id']} ({key['before']:,}, then {key['after']:,})" for key in self.worst)
        return f"from {before} to {after}: {found}, as in {keys}; {remedy}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"coverage": self.coverage}


HOP_COLUMNS = tuple(Hop.__dataclass_fields__)


@dataclass
class Audited:
    """A quantity. counted_from: its job, '' if nobody registered it; source: the legacy table or package that it is counted from;
    legacy_total: that of the staged legacy table, beside what a package counts; others: the sum of other writers' events."""

    entity_type: str
    quantity: str
    counted_from: str
    source: str
    agreement: str
    reason: str
    legacy_total: int | None
    others: int
    hops: dict[str, Hop] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.entity_type}.{self.quantity}"

    @property
    def first_difference(self) -> Hop | None:
        """The first hop with a problem."""
        return next((hop for hop in self.hops.values() if hop.problem), None)

    def as_json(self) -> dict[str, Any]:
        first = self.first_difference
        return {
            **{name: value for name, value in vars(self).items() if name != "hops"},
            "first_difference": first.hop if first else None,
            "sentence": first.sentence if first else "",
            "hops": [hop.as_json() for hop in self.hops.values()],
        }


QUANTITY_COLUMNS = (
    "entity_type",
    "quantity",
    "counted_from",
    "source",
    "agreement",
    "reason",
    "legacy_total",
    "sum_of_others",
    "share",
)


@dataclass
class Report:
    """target: its name; share: of the entities that were compared; cache: when the cache was read, None if none is connected.

    users: UserMetric beside user_totals; empty where one of the two was not built, or other quantities alone were asked for.
    """

    target: str
    audited_at: datetime.datetime
    share: float
    cache: str | None
    quantities: list[Audited]
    users: list[UserColumn]

    @property
    def different(self) -> list[Audited]:
        return [quantity for quantity in self.quantities if quantity.first_difference]

    @property
    def keys(self) -> int:
        """Keys that were compared, each once."""
        return sum(max((hop.keys_before for hop in quantity.hops.values()), default=0) for quantity in self.quantities)

    @property
    def succeeded(self) -> bool:
        return not self.different and self.keys > 0 and not any(column.problem for column in self.users)

    @property
    def sentence(self) -> str:
        of_all = "all keys" if self.share >= 1 else f"a sample of {self.share:.4%} of the entities"
        compared = f"{len(self.quantities)} quantities, {self.keys:,} keys ({of_all})"
        cache = "no cache is connected" if self.cache is None else f"the cache as of {self.cache}"
        if not self.keys:
            return f"{compared}: there was nothing to compare."
        if self.different:
            return f"{compared}: {len(self.different)} quantities differ; {cache}."
        if not self.succeeded:
            return f"{compared}: nothing was lost at any hop, but users differ from UserMetric; {cache}."
        return f"{compared}: nothing was lost at any hop; {cache}."

    def as_json(self) -> dict[str, Any]:
        """{"command", "target", "audited_at", "share", "cache", "succeeded", "sentence", "keys", "quantities", "users"}."""
        return {
            "command": "audit",
            "target": self.target,
            "audited_at": self.audited_at,
            "share": self.share,
            "cache": self.cache,
            "succeeded": self.succeeded,
            "sentence": self.sentence,
            "keys": self.keys,
            "quantities": [quantity.as_json() for quantity in self.quantities],
            "users": [column.as_json() for column in self.users],
        }

    def print(self, where: Console) -> None:
        columns = {"entity": "left", "quantity": "left", "keys": "right", "Postgres": "right", "events": "right"}
        columns |= {"of others": "right"} if any(quantity.others for quantity in self.quantities) else {}
        columns |= {"days": "right", "totals": "right"}
        columns |= {"cached keys": "right"} if self.cache is not None else {}
        columns |= {"coverage": "right", "differs at": "left"}
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name, side in columns.items():
            table.add_column(name, justify=side, overflow="fold")
        for quantity in self.quantities:
            cells = _cells(quantity)
            table.add_row(*(cells[name] for name in columns))
        show(where, table)
        where.print()
        for quantity in self.different[:LISTED]:
            say(where, f"{quantity.name}, {quantity.first_difference.sentence}.", style="red")
        if len(self.different) > LISTED:
            say(where, f"{len(self.different) - LISTED} more differ: --output json has all.", style="red")
        if self.users:
            print_users(where, self.users)
        say(where, self.sentence)


def run(target_name: str | None, sample: float | None, only: list[str], counted_from: dict[str, str]) -> Report:
    """Build the audit with dbt, its tests included, and read it.

    sample: a share up to 1, or a number of entities; None is all. counted_from: the var.

    Raises EntityMetricsError where there are no totals, or dbt fails.
    """
    with opened_target(target_name) as target:
        for name in ("entity_metric_events", "metric_totals"):
            if not target.exists(f"{target.database}.{name}"):
                raise EntityMetricsError(f"There is no {name} to audit: run `dbt build --select event_table totals`.")
        variables: dict[str, Any] = {"counted_from": counted_from} if counted_from else {}
        if sample:
            variables["audit_share"] = f"{_share(target, sample):.6f}"
        outcome = Dbt(target_name, variables).run("build", "--select", "audit")
        if outcome.failure:
            raise outcome.failure
        return read(target, only)


def read(target: Target, only: list[str]) -> Report:
    """The last audit of the target. only: entity types and quantities; none are all."""
    database, share = target.database, 0.0
    rows = target.rows(
        f"select {', '.join(QUANTITY_COLUMNS + HOP_COLUMNS)} from {database}.audit order by entity_type, quantity, hop_number"
    )
    found: dict[tuple[str, str], Audited] = {}
    for row in rows:
        values, hop = row[: len(QUANTITY_COLUMNS)], Hop(*row[len(QUANTITY_COLUMNS) :])
        share = values[-1]
        quantity = found.setdefault(values[:2], Audited(*values[:-1]))
        if not only or quantity.entity_type in only or quantity.name in only:
            quantity.hops[hop.hop] = hop
    about = dict(
        target.rows(
            "select name, if(name = 'audit', toString(toTimeZone(metadata_modification_time, 'UTC')), comment) from system.tables"
            f" where database = '{database}' and (name = 'audit' or name = 'cached_totals' and total_rows > 0)"
        )
    )
    audited_at = datetime.datetime.fromisoformat(about["audit"]).replace(tzinfo=datetime.UTC)
    quantities = [quantity for quantity in found.values() if quantity.hops]
    users = [column for column in read_users(target) if not only or {"User", f"User.{column.legacy_column}"} & {*only}]
    return Report(target.name, audited_at, share, about.get("cached_totals"), quantities, users)


def _share(target: Target, sample: float) -> float:
    """A share as it is; of a number of entities the share that gives about so many."""
    if sample <= 1:
        return sample
    entities = target.value(f"select count() from {target.database}.entity_totals")
    return min(1.0, max(0.000001, sample / max(entities, 1)))


def _cells(quantity: Audited) -> dict[str, str]:
    """A row of the table. Of Postgres the legacy table as it is now, else what the package made of the staged rows."""
    hops = quantity.hops
    first = quantity.first_difference
    source = hops.get("staged") or hops.get("events")
    cached = hops.get("cache")
    coverages = [hop.coverage for hop in hops.values() if hop.coverage is not None]
    return {
        "entity": quantity.entity_type,
        "quantity": quantity.quantity,
        "keys": f"{max(hop.keys_before for hop in hops.values()):,}",
        "Postgres": f"{source.sum_before:,}" if source else "",
        "events": f"{hops['events'].sum_after:,}" if "events" in hops else "",
        "of others": f"{quantity.others:,}" if quantity.others else "",
        "days": f"{hops['days'].sum_after:,}",
        "totals": f"{hops['totals'].sum_after:,}",
        "cached keys": f"{cached.keys_after:,}" if cached else "",
        "coverage": f"{min(coverages):.4f}" if coverages else "",
        "differs at": first.hop if first else "",
    }
