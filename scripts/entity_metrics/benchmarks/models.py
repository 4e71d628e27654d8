"""Running models by dbt, and how long each step took."""

import time
from typing import Any

from dbt.cli.main import dbtRunner

from entity_metrics.project import project_var, quiet_dbt_arguments

EVENT_TABLE = project_var("event_table")


def dbt(*command: str, watch: Any = None) -> dict[str, dict[str, Any]]:
    """Run a dbt command. Returns status, seconds and end (epoch seconds) of each node. Exits if dbt fails to run one."""
    outcome = dbtRunner(callbacks=[watch] if watch else []).invoke([*command, *quiet_dbt_arguments(None)])
    if outcome.exception:
        raise SystemExit(str(outcome.exception))
    nodes = {}
    for node in outcome.result.results:
        if str(node.status) == "error":
            raise SystemExit(f"{node.node.name}: {node.message}")
        ended = max((step.completed_at.timestamp() for step in node.timing if step.completed_at), default=0.0)
        nodes[node.node.name] = {"status": str(node.status), "seconds": node.execution_time, "ended": ended}
    return nodes


def run_and_publish(staging: list[str], model: str, building: str) -> dict[str, float]:
    """Seconds of staging, of building the event model (a step of that name), of publishing, and of all three.

    Publishing begins with the first statement that names the event table.
    """
    began: list[float] = []

    def watch(event: Any) -> None:
        if not began and "create table if not exists" in event.info.msg and EVENT_TABLE in event.info.msg:
            began.append(time.time())

    nodes = dbt("run", "--select", *staging, model, watch=watch)
    published = nodes[model]["ended"] - began[0]
    staged = sum(nodes[name]["seconds"] for name in staging)
    return {
        "staging": staged,
        building: nodes[model]["seconds"] - published,
        "publishing": published,
        f"staging + {building} + publishing": staged + nodes[model]["seconds"],
    }
