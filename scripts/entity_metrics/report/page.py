"""The report as one HTML file: no request leaves it, and it is read without JavaScript, too."""

import base64
import hashlib
import html
import re
from pathlib import Path
from typing import Any

from dbt.contracts.graph.manifest import Manifest
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from entity_metrics import audit, registry
from entity_metrics.report import charts
from entity_metrics.report.content import Content, differs_by_definition, source_of
from entity_metrics.report.hidden import hide
from entity_metrics.report.queries import QUERIES, RUNS

STATES = {"pass": "good", "warn": "warning", "": "none"}
"""The class of a test's state; any other is bad."""

WRITERS = {"packages": charts.SOLID, "metric tables": charts.STRIPED, "live site": charts.DOTTED}
"""Who writes events, and how their bars are filled."""


def render(content: Content, manifest: Manifest, docs: str = "") -> str:
    """The page. docs: path of dbt's own documentation from the page, '' if it was not generated."""
    loader = PackageLoader("entity_metrics.report", ".")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters |= {"number": _number, "moment": _moment}
    environment.globals |= {"share_bar": charts.share_bar, "state_class": lambda state: STATES.get(state, "bad")}
    script = "\n" + loader.get_source(environment, "page.js")[0]
    page = environment.get_template("page.html.j2").render(
        content=content,
        quantities=_quantities(content),
        months=_months(content),
        brand_days=_brand_days(content),
        runs=_runs(content),
        sources=_sources(content, manifest),
        queries=QUERIES,
        kept_runs=RUNS,
        writers=WRITERS,
        docs=docs,
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return re.sub(r"\n\s*\n+", "\n", page)


def _number(value: Any) -> str:
    return "" if value is None else f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else ""


def _quantities(content: Content) -> list[dict[str, Any]]:
    """A row for each quantity of the registry, audited or not; then those that nobody registered."""
    audited = {(row.entity_type, row.quantity): row for row in content.audited.quantities} if content.audited else {}
    known = [(row.entity_type, row.name) for row in registry.quantities() if row.entity_type != "*"]
    return [_quantity(key, audited.get(key)) for key in dict.fromkeys([*known, *audited])]


def _quantity(key: tuple[str, str], found: audit.Audited | None) -> dict[str, Any]:
    if found is None:
        return {"entity_type": key[0], "quantity": key[1], "hops": {}, "class": "not audited", "state": "none", "reason": ""}
    hops = found.hops
    first = found.first_difference
    coverages = [hop.coverage for hop in hops.values() if hop.coverage is not None]
    source = hops.get("staged") or hops.get("events")
    newer = max((hop.newer for hop in hops.values()), default=0)
    kind = "differs" if first else "by definition" if differs_by_definition(found) else "newer" if newer else "equal"
    return {
        "entity_type": found.entity_type,
        "quantity": found.quantity,
        "counted_from": found.counted_from,
        "unit": source_of(found),
        "legacy": found.legacy_total if found.legacy_total is not None else source.sum_before if source else None,
        **{hop: hops[hop].sum_after if hop in hops else None for hop in ("events", "days", "totals", "cache")},
        "keys": max((hop.keys_before for hop in hops.values()), default=0),
        "cached_keys": hops["cache"].keys_after if "cache" in hops else None,
        "coverage": min(coverages) if coverages else None,
        "hops": hops,
        "class": kind,
        "state": {"differs": "bad", "equal": "good"}.get(kind, "warning"),
        "reason": first.sentence if first else found.reason if kind == "by definition" else f"{newer:,} newer" if newer else "",
    }


def _months(content: Content) -> dict[str, Any]:
    """Events by month and by who wrote them, as pictures and a table, and the same for each entity type."""
    rows = content.rows["events"]
    if not rows:
        return {}
    # Counted from year 0, so that months without events are there, too.
    found = [row["month"] // 100 * 12 + row["month"] % 100 - 1 for row in rows]
    months = [number // 12 * 100 + number % 12 + 1 for number in range(min(found), max(found) + 1)]
    labels = [f"{month // 100}-{month % 100:02}" for month in months]
    counts: dict[tuple[str, int, str], int] = {(row["entity_type"], row["month"], row["writer"]): row["events"] for row in rows}
    types = sorted({row["entity_type"] for row in rows})

    def by_month(writer: str, wanted: list[str]) -> list[int]:
        return [sum(counts.get((of, month, writer), 0) for of in wanted) for month in months]

    def pictures(wanted: list[str], name: str, width: int, height: int) -> dict[str, tuple[int, Markup]]:
        """Of each writer the number of events, and them by month; each has its own scale, since one may have most of them."""
        series = {writer: by_month(writer, wanted) for writer in WRITERS}
        title = f"by month, from {labels[0]} to {labels[-1]}"
        return {
            writer: (
                sum(values),
                charts.stacked_bars(labels, {WRITERS[writer]: values}, f"{name} by {writer} {title}", width, height),
            )
            for writer, values in series.items()
        }

    of_all = {writer: by_month(writer, types) for writer in WRITERS}
    return {
        "pictures": pictures(types, "Events", 720, 90),
        "table": [(label, *(of_all[writer][at] for writer in WRITERS)) for at, label in enumerate(labels)],
        "types": {name: pictures([name], f"Events of {name}", 160, 24) for name in types},
    }


def _brand_days(content: Content) -> Markup:
    rows = content.rows["brand_days"]
    series = {
        charts.SOLID: [row["mentions"] for row in rows],
        charts.STRIPED: [row["answers"] - row["mentions"] for row in rows],
    }
    return charts.stacked_bars([str(row["day"]) for row in rows], series, "Answers by day")


def _runs(content: Content) -> dict[str, Any]:
    rows = [*reversed(content.rows["runs"])]
    return {
        "seconds": charts.line([row["node_seconds"] for row in rows], "Seconds of the runs, the latest at the right"),
        "nodes": charts.line([row["nodes"] for row in rows], "Nodes of the runs, the latest at the right"),
        "failed": charts.line([row["failed"] for row in rows], "Nodes that failed in the runs, the latest at the right"),
    }


def _sources(content: Content, manifest: Manifest) -> dict[str, dict[str, str]]:
    """The SQL of everything that the page names: models, snapshots, singular tests, and each generic test once.

    sql: with its quotes as they are, since it is full of them and stands between tags, and with tabs, which take a fourth of
    the room. page: where dbt's documentation has it.
    """
    wanted = {check.source for check in content.tests}
    found = {
        node.name: (node.raw_code, node.unique_id)
        for node in manifest.nodes.values()
        if node.resource_type in ("model", "snapshot") or node.name in wanted
    }
    found |= {macro.name: (macro.macro_sql, macro.unique_id) for macro in manifest.macros.values() if macro.name in wanted}
    return {
        name: {"sql": _as_text(sql), "page": f"#!/{unique_id.split('.')[0]}/{unique_id}"}
        for name, (sql, unique_id) in sorted(found.items())
    }


def _as_text(sql: str) -> Markup:
    tabbed = re.sub(r"(?m)^(?: {4})+", lambda found: "\t" * (len(found[0]) // 4), hide(sql.strip()))
    return Markup(html.escape(tabbed, quote=False))


def write(page: str, file: Path) -> None:
    """Write it whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(file)
