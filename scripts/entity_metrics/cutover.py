"""Whether the legacy tables can go: what serves their columns, what goes on counting without them, and what the audit says."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from entity_metrics import audit, audit_users, registry
from entity_metrics.errors import EntityMetricsError
from entity_metrics.jobs import TABLES, folder_of
from entity_metrics.project import project_var
from entity_metrics.target import Target, opened_target
from entity_metrics.terminal import say, show

CAN_GO, STAYS, GONE = "can go", "stays", "is gone"

TIPS = "BuzzTip"
"""It accumulates: a repeated tip adds to the amount of the first, so that a row is no event. Once each tip is one, it can go."""

DERIVED = ("timeframe", "updatedAt", "reactionCount")
"""What the views compute, besides the key; their other columns that are not in the registry are null."""

SAMPLE = "only a sample was audited: run `entity-metrics audit`"

KEPT = {
    "ResourceReview": "what users wrote: their ratings and texts",
    "ImageReaction": "who reacted how, which pages show and users take back",
    "ArticleReaction": "who reacted how, which pages show and users take back",
    "BountyEntryReaction": "who reacted how, which pages show and users take back",
    "Comment": "what users wrote",
    "CommentV2": "what users wrote",
    "Thread": "where comments belong",
    "CollectionItem": "what is in a collection",
    "CollectionContributor": "who may do what in a collection",
    "Donation": "money that was given, row by row",
    "DonationGoal": "what donations are for",
    "UserEngagement": "who follows, hides or blocks whom, which feeds obey",
    "TagEngagement": "who follows or hides which tag, which feeds obey",
    "BountyEngagement": "who tracks or favours a bounty",
    "BountyBenefactor": "who pays for a bounty, and to whom it was awarded",
    "Article": "content",
    "Bounty": "content",
    "BountyEntry": "content",
    "Image": "content",
    "ImageResourceNew": "what an image was made with",
    "Model": "content",
    "ModelVersion": "content",
    "Post": "content",
    "User": "accounts",
}
"""The site's own rows, which events count and do not replace: tables of models/sources/postgres.yml, and why they are kept."""


@dataclass
class Column:
    """A column of a legacy table.

    quantity: its name in the registry, '' if it has none; counted_from: its job; served: `equal` to the legacy column, differs
    `by definition`, `null` (nobody computes it any more), `derived` from others, or `not served`; goes_on_by: what counts it
    without the table: `packages`, `live site`, `nobody` (nor does the site), or ''; reason: as the registry has it.
    """

    name: str
    served: str
    quantity: str = ""
    counted_from: str = ""
    goes_on_by: str = ""
    reason: str = ""


@dataclass
class LegacyTable:
    """A table and the verdict.

    because: what keeps it; empty if it can go. users: of UserMetric, what user_totals has in its place.
    """

    name: str
    state: str
    columns: list[Column] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    users: list[audit_users.UserColumn] = field(default_factory=list)

    def count(self, served: str) -> int:
        return sum(column.served == served for column in self.columns)

    def as_json(self) -> dict[str, Any]:
        columns = [vars(column) for column in self.columns]
        document = {"name": self.name, "state": self.state, "because": self.because, "columns": columns}
        return document | ({"user_totals": [column.as_json() for column in self.users]} if self.users else {})


@dataclass
class Report:
    target: str
    audited: audit.Report
    tables: list[LegacyTable]

    @property
    def succeeded(self) -> bool:
        return all(table.state != STAYS for table in self.tables)

    @property
    def sentence(self) -> str:
        can_go = sum(table.state == CAN_GO for table in self.tables)
        gone = sum(table.state == GONE for table in self.tables)
        at = f"{self.audited.audited_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{can_go} of {len(self.tables)} tables can go, {gone} are gone; audited at {at}."

    def as_json(self) -> dict[str, Any]:
        """{"command", "target", "audited_at", "succeeded", "sentence", "tables": [...], "kept": {table: why}}."""
        return {
            "command": "cutover",
            "target": self.target,
            "audited_at": self.audited.audited_at,
            "succeeded": self.succeeded,
            "sentence": self.sentence,
            "tables": [table.as_json() for table in self.tables],
            "kept": KEPT,
        }

    def print(self, where: Console) -> None:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("table")
        for name in ("columns", "equal", "by definition", "derived", "null", "not served"):
            table.add_column(name, justify="right")
        table.add_column("verdict")
        for row in self.tables:
            counts = [row.count(name) for name in ("equal", "by definition", "derived", "null", "not served")]
            cells = map(str, [len(row.columns), *counts]) if row.columns else [""] * 6
            table.add_row(row.name, *cells, row.state)
        show(where, table)
        where.print()
        for row in self.tables:
            for reason in row.because:
                say(where, f"{row.name} stays: {reason}.", style="yellow")
            equal = [column.shown_column for column in row.users if column.agreement == "equal"]
            if equal:
                say(where, f"{row.name} is equal in user_totals: {', '.join(equal)}.")
            for column in row.users:
                if column.agreement != "equal":
                    say(where, f"{column.sentence}.")
        for why in dict.fromkeys(KEPT.values()):
            say(where, f"Kept, {why}: {', '.join(name for name, given in KEPT.items() if given == why)}.")
        say(where, self.sentence)


def run(target_name: str | None, tables: list[str]) -> Report:
    """Judge these tables, all if there are none. Raises EntityMetricsError where nothing was audited."""
    with opened_target(target_name) as target:
        if not target.exists(f"{target.database}.audit"):
            raise EntityMetricsError("Nothing was audited: run `entity-metrics audit` first.")
        audited = audit.read(target, [])
        others = written_by_others(target)
        wanted = tables or [*TABLES, TIPS]
        judged = [_metric_table(target, audited, others, name) for name in wanted if name != TIPS]
        judged += [_tips(target, audited, others)] if TIPS in wanted else []
        return Report(target.name, audited, judged)


def written_by_others(target: Target) -> set[tuple[str, str]]:
    """Quantities of which the event table has events of other writers, as the live site: (entity type, quantity)."""
    sql = f"select distinct entity_type, quantity from {target.database}.audit_sums where side in ('live', 'others')"
    return set(target.rows(sql))


def _metric_table(target: Target, audited: audit.Report, others: set[tuple[str, str]], table: str) -> LegacyTable:
    live = _columns(target, f"{project_var('source_database')}.{table}")
    if not live:
        return LegacyTable(table, GONE)
    if audited.share < 1:
        return LegacyTable(table, STAYS, because=[SAMPLE])
    view = f"legacy_{folder_of(table)[:-1]}"
    shown = _columns(target, f"{target.database}.{view}")
    jobs = {(quantity.entity_type, quantity.quantity): quantity.counted_from for quantity in audited.quantities}
    mapped = {row.legacy_column: row for row in registry.of_table(table)}
    columns = [_column(name, mapped.get(name), shown, others, jobs) for name in live]
    because = []
    if not shown:
        because.append(f"there is no view {view}: run `dbt build --select legacy_tables`")
    else:
        because += _about("are in no column of the view", [column.name for column in columns if column.served == "not served"])
    because += _what_the_audit_says(audited, [row for row in mapped.values() if row.legacy_column in live])
    users = audited.users if table == audit_users.TABLE else []
    because += _about("differ in user_totals: run `entity-metrics audit`", [row.legacy_column for row in users if row.problem])
    stopping = [column for column in columns if column.quantity and not column.goes_on_by]
    packaged = [column.name for column in stopping if mapped[column.name].package]
    because += _about("are counted from it: let the packages count them (counted_from), or the live site record them", packaged)
    because += _about(
        "have no package: let the live site record them", [column.name for column in stopping if column.name not in packaged]
    )
    return LegacyTable(table, STAYS if because else CAN_GO, columns, because, users)


def _column(
    name: str,
    row: registry.Quantity | None,
    shown: dict[str, str],
    others: set[tuple[str, str]],
    jobs: dict[tuple[str, str], str],
) -> Column:
    if name not in shown:
        return Column(name, "not served", row.name if row else "")
    if row is None:
        return Column(name, "derived" if name in DERIVED or name.endswith("Id") else "null")
    job = jobs.get((row.entity_type, row.name), row.counted_from)
    by_definition = job == "source_events" and row.agreement != "exact"
    goes_on_by = _goes_on_by(row, job, others)
    return Column(name, "by definition" if by_definition else "equal", row.name, job, goes_on_by, row.reason)


def _goes_on_by(row: registry.Quantity, job: str, others: set[tuple[str, str]]) -> str:
    """What counts a quantity without its legacy table, as Column has it."""
    if job == "source_events":
        return "packages"
    if (row.entity_type, row.name) in others:
        return "live site"
    return "nobody" if row.reason.startswith("not recomputed") else ""


def _tips(target: Target, audited: audit.Report, others: set[tuple[str, str]]) -> LegacyTable:
    if not _columns(target, f"{project_var('source_database')}.{TIPS}"):
        return LegacyTable(TIPS, GONE)
    if audited.share < 1:
        return LegacyTable(TIPS, STAYS, because=[SAMPLE])
    rows = [row for row in registry.of_package("buzz_tip") if row.entity_type != "*"]
    because = _what_the_audit_says(audited, [row for row in rows if row.owner({}) == "source_events"])
    silent = sorted({row.entity_type for row in rows if (row.entity_type, row.name) not in others})
    because += _about("have no tips of the live site yet: each tip must be an event of its own, which its row is not", silent)
    return LegacyTable(TIPS, STAYS if because else CAN_GO, [], because)


def _what_the_audit_says(audited: audit.Report, rows: list[registry.Quantity]) -> list[str]:
    known = {(quantity.entity_type, quantity.quantity): quantity for quantity in audited.quantities}
    found = [known.get((row.entity_type, row.name)) for row in rows]
    differing = [quantity.quantity for quantity in found if quantity and quantity.first_difference]
    missing = [row.name for row, quantity in zip(rows, found, strict=True) if quantity is None]
    return _about("differ in the audit: run `entity-metrics audit`", differing) + _about(
        "were not audited: run `entity-metrics audit`", missing
    )


def _about(what: str, names: list[str]) -> list[str]:
    """A reason, if it is one for any of these."""
    return [f"{', '.join(names)} {what}"] if names else []


def _columns(target: Target, relation: str) -> dict[str, str]:
    """Name and type of each column; none if there is no such table or view."""
    return {row[0]: row[1] for row in target.rows(f"describe table {relation}")} if target.exists(relation) else {}
