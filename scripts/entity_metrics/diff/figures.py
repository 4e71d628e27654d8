"""The figures of a document: rows, totals and tests of what was built. An engine of this process compares them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from entity_metrics.diff import outcomes, totals
from entity_metrics.diff.builds import Built
from entity_metrics.diff.compare import Comparison
from entity_metrics.diff.plan import Plan
from entity_metrics.explain import explain
from entity_metrics.target import Target, embedded_target


def add_rows(document: dict[str, Any], plan: Plan, built: dict[str, Built], engine: Target, with_values: bool) -> None:
    """Compare what was built."""
    entries = {entry["id"]: entry for entry in document["nodes"]}
    for id in sorted(plan.compared):
        sides = [built["base"], built["head"]]
        exports = {name: side.exports[id] for name, side in built.items() if id in side.exports}
        refused = [f"{name}: {export['error']}" for name, export in exports.items() if "error" in export]
        if not exports:
            document["not_compared"].append({"name": entries[id]["name"], "reason": "has no rows of its own"})
            continue
        if refused:
            errors = {export.get("error") for export in exports.values()}
            reason = errors.pop() if len(errors) == 1 else "; ".join(refused)
            document["not_compared"].append({"name": entries[id]["name"], "reason": reason})
            continue
        files = [(side.file(id), side.exports.get(id, {}).get("columns", [])) for side in sides]
        varies = sorted({name for side in (plan.base, plan.head) if id in side.nodes for name in side.nodes[id].varies})
        try:
            rows = Comparison(engine, plan.node(id), varies, files).rows(with_values)
        except Exception as ex:  # a type that the engine cannot compare: the others can be
            document["not_compared"].append({"name": entries[id]["name"], "reason": explain(ex).sentence})
            continue
        entries[id]["rows"] = asdict(rows)
        entries[id]["became_empty"] = bool(rows.before and not rows.after and entries[id]["state"] != "removed")
    _add_totals(document, plan, built, engine)
    document["tests"] = outcomes.outcomes(plan, built)


def _add_totals(document: dict[str, Any], plan: Plan, built: dict[str, Built], engine: Target) -> None:
    """Of all metrics those that differ are listed, the others counted."""
    columns: dict[str, dict[str, Any]] = {}
    for side in built.values():
        for id, export in side.exports.items():
            columns[id] = dict(export.get("columns", []))
    entries = {entry["id"] for entry in document["nodes"] if entry["rows"]}
    ids, names, said = totals.chosen([plan.node(id) for id in sorted(entries)], columns)
    files = [[file for id in ids if (file := side.file(id))] for side in built.values()]
    found = totals.totals(engine, files, names)
    differ = [total for total in found if total.difference or total.entities_that_differ]
    document["totals"] = {
        "from": said if found else "",
        "metrics": [total.as_json() for total in differ],
        "unchanged": len(found) - len(differ),
    }


@contextmanager
def engine_in(folder: Path) -> Iterator[Target]:
    """An engine of this process, which has no part in what was built."""
    target = embedded_target(str(folder / "engine"), "default")
    try:
        yield target
    finally:
        target.close()
