"""The difference as one document, which --output json prints and the other outputs are made of: docs/diff.schema.json."""

from dataclasses import asdict
from typing import Any

from entity_metrics.diff import sql_changes
from entity_metrics.diff.plan import AUDIT, Plan
from entity_metrics.diff.revisions import Revision
from entity_metrics.diff.rows import Rows

SCHEMA_VERSION = 1

TOUCHED = ("removed", "added", "changed")
"""The states of nodes that are touched themselves; the others are below one, or unchanged and shown by --whole."""

FAIL_ON = {
    "removed-models": "a model, seed or snapshot is gone",
    "empty-models": "a node lost all its rows",
    "removed-rows": "rows are gone",
    "added-rows": "there are new rows",
    "changed-rows": "rows changed",
    "changed-totals": "a total differs",
    "changed-sql": "compiled SQL or a configuration differs",
    "failing-tests": "a test fails that passed, or is new and fails",
}

OUTSIDE = ("adapter/", "requirements.txt", "requirements.in", "pyproject.toml", "scripts/sample_site/", "profiles.yml.example")
"""Files that decide on rows, too, of which both sides have those of the checkout that runs the command."""


def beginning(base: Revision, head: Revision, source: str) -> dict[str, Any]:
    """What every document has, with nothing found yet."""
    return {
        "command": "diff",
        "schema_version": SCHEMA_VERSION,
        "base": asdict(base),
        "head": asdict(head),
        "source": source,
        "failure": None,
        "differs": False,
        "sentence": "",
        "found": [],
        "nodes": [],
        "edges": [],
        "sql": [],
        "macros": [],
        "vars": [],
        "totals": {"from": "", "metrics": [], "unchanged": 0},
        "tests": {"appeared": [], "vanished": [], "changed": [], "differently": [], "failing": [], "ran": {}, "not_run": []},
        "not_compared": [],
        "notes": [],
        "seconds": 0.0,
    }


def add_sql(document: dict[str, Any], plan: Plan, files: list[str]) -> None:
    """What can be told before anything is built."""
    document["sql"] = [asdict(change) for change in sql_changes.changes(plan)]
    macros = sql_changes.macro_changes(plan)
    document["macros"] = [asdict(macro) for macro in macros]
    document["vars"] = sql_changes.variable_changes(plan)
    document["nodes"] = [_node(plan, id) for id in sorted(plan.affected)]
    ids = plan.affected
    document["edges"] = sorted(
        {
            (plan.node(parent).name, node.name)
            for side in (plan.base, plan.head)
            for node in side.nodes.values()
            if node.id in ids
            for parent in node.parents
            if parent in ids
        }
    )
    notes = document["notes"]
    aside = [macro.name for macro in macros if not macro.used]
    if aside:
        notes.append(f"No node names these macros that differ, so that nothing here shows what they do: {', '.join(aside)}.")
    written = sorted(
        plan.node(id).name for id in plan.changed | plan.changed_tests if id in plan.base.uncompiled | plan.head.uncompiled
    )
    if written:
        notes.append(f"Shown as written, since they ask what a table holds before it is built: {', '.join(written)}.")
    outside = [file for file in files if file.startswith(OUTSIDE)]
    if outside:
        notes.append(f"Both sides were built with what the checkout has of {', '.join(outside)}, which the change touches, too.")
    for id in sorted(plan.affected - plan.compared):
        reason = "left out by --select"
        if id in plan.not_built:
            reason = (
                "built by its verb only"
                if plan.node(id).path.startswith(AUDIT)
                else "reads what is not connected, or not built in a trial"
            )
        document["not_compared"].append({"name": plan.node(id).name, "reason": reason})


def conclude(document: dict[str, Any]) -> None:
    """Put first what matters most, and say in a sentence what was found."""
    document["nodes"].sort(key=_importance)
    nodes, tests = document["nodes"], document["tests"]
    compared = [entry for entry in nodes if entry["rows"]]
    failing = [entry for entry in tests["differently"] if _fails(entry["after"]) and not _fails(entry["before"])]
    failing += [entry for entry in tests["appeared"] if _fails(entry["after"])]
    found = {
        "removed-models": any(entry["state"] == "removed" for entry in nodes),
        "empty-models": any(entry["became_empty"] for entry in nodes),
        "removed-rows": any(entry["rows"]["removed"] for entry in compared),
        "added-rows": any(entry["rows"]["added"] for entry in compared),
        "changed-rows": any(entry["rows"]["changed"] or Rows(**entry["rows"]).columns_differ for entry in compared),
        "changed-totals": any(metric["difference"] or metric["entities_that_differ"] for metric in document["totals"]["metrics"]),
        "changed-sql": bool(document["sql"]) or any(entry["state"] in ("added", "removed") for entry in nodes),
        "failing-tests": bool(failing),
    }
    document["found"] = [name for name in FAIL_ON if found[name]]
    tests_differ = tests["appeared"] or tests["vanished"] or tests["changed"] or tests["differently"]
    document["differs"] = bool(document["found"] or tests_differ)
    document["sentence"] = _sentence(document, compared, len(failing))


def _sentence(document: dict[str, Any], compared: list[dict[str, Any]], failing: int) -> str:
    nodes = document["nodes"]
    touched = [entry for entry in nodes if entry["state"] in TOUCHED]
    below = [entry for entry in nodes if entry["state"] == "below"]
    if document["failure"]:
        return document["failure"]["sentence"]
    if not document["differs"] and not nodes:
        return "No node differs: nothing was built, and no rows were compared."
    differ = [entry for entry in compared if _differs(entry["rows"])]
    metrics = [metric for metric in document["totals"]["metrics"] if metric["difference"] or metric["entities_that_differ"]]
    said = [
        f"{_count(len(touched), 'node')} changed, {len(below)} below",
        f"rows differ in {len(differ)} of {len(compared)} that were compared",
        f"{_count(len(metrics), 'total')} of {len(metrics) + document['totals']['unchanged']} differ"
        if metrics
        else "no total differs",
    ]
    if failing:
        said.append(f"{_count(failing, 'test')} {'fails' if failing == 1 else 'fail'} now")
    if document["not_compared"]:
        said.append(f"{_count(len(document['not_compared']), 'node')} could not be compared")
    return "; ".join(said) + "."


def _fails(outcome: dict[str, Any]) -> bool:
    return outcome["status"] in ("fail", "error")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _differs(rows: dict[str, Any]) -> bool:
    return Rows(**rows).differ


def _importance(entry: dict[str, Any]) -> tuple[Any, ...]:
    rows = entry["rows"] or {}
    touched = sum(rows.get(kind, 0) for kind in ("added", "removed", "changed"))
    of_others = entry["state"] not in TOUCHED
    return (entry["state"] != "removed", not entry["became_empty"], of_others, -rows.get("removed", 0), -touched, entry["name"])


def _node(plan: Plan, id: str) -> dict[str, Any]:
    node = plan.node(id)
    states = {"removed": plan.removed, "added": plan.added, "changed": plan.changed, "below": plan.below}
    state = next((name for name, ids in states.items() if id in ids), "unchanged")
    return {
        "id": id,
        "name": node.name,
        "kind": node.kind,
        "path": node.path,
        "materialized": node.materialized,
        "state": state,
        "why": plan.why(id),
        "became_empty": False,
        "rows": None,
    }
