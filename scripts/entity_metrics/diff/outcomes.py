"""Tests that appear, vanish, and end differently."""

from typing import Any

from entity_metrics.diff.builds import Built
from entity_metrics.diff.plan import Plan


def outcomes(plan: Plan, built: dict[str, Built]) -> dict[str, Any]:
    """appeared, vanished: names, with how those that appeared end; differently: what each side says; counts of all that ran."""
    base, head = plan.base.nodes, plan.head.nodes
    results = {name: {id: side.results[id] for id in plan.tests[name] if id in side.results} for name, side in built.items()}
    tests = {name: {id for id, node in side.items() if node.is_test} for name, side in (("base", base), ("head", head))}
    differently = [
        {
            "name": head[id].name,
            "node": _tested(plan, id),
            "before": _outcome(results["base"][id]),
            "after": _outcome(results["head"][id]),
        }
        for id in sorted(results["base"].keys() & results["head"].keys())
        if _outcome(results["base"][id]) != _outcome(results["head"][id])
    ]
    not_run = [
        {"name": head[id].name, "side": side}
        for side in ("base", "head")
        for id in sorted(plan.tests[side] - results[side].keys())
        if id in head
    ]
    return {
        "appeared": [
            {"name": head[id].name, "node": _tested(plan, id), "after": _outcome(results["head"].get(id))}
            for id in sorted(tests["head"] - tests["base"])
        ],
        "vanished": [{"name": base[id].name, "node": _tested(plan, id)} for id in sorted(tests["base"] - tests["head"])],
        "changed": sorted(head[id].name for id in plan.changed_tests),
        "differently": differently,
        "failing": sorted(head[id].name for id, result in results["head"].items() if result["status"] in ("fail", "error")),
        "ran": {side: len(found) for side, found in results.items()},
        "not_run": not_run,
    }


def _outcome(result: dict[str, Any] | None) -> dict[str, Any]:
    """The status and what was counted; a test that is not affected did not run."""
    return {"status": result["status"], "failures": result["failures"]} if result else {"status": "not run", "failures": None}


def _tested(plan: Plan, id: str) -> str:
    """The first node that the test is of."""
    node = plan.head.nodes.get(id) or plan.base.nodes[id]
    parents = [plan.head.nodes.get(parent) or plan.base.nodes.get(parent) for parent in node.parents]
    return next((parent.name for parent in parents if parent and parent.kind != "seed"), "")
