"""Running models by dbt, and how long each step took."""

import itertools
import statistics
import time
from datetime import UTC, datetime
from typing import Any

from entity_metrics.dbt_runs import run_plainly
from entity_metrics.project import project_var
from entity_metrics.target import Target

EVENT_TABLE = project_var("event_table")


def create_event_table(target: Target) -> str:
    """Make an event table as the live site has it, where the var names it. Returns its name, with its database."""
    table = f"{target.database}.{EVENT_TABLE}"
    target.command(
        f"create table {table} (entityType LowCardinality(String), entityId Int32, userId Int32,"
        " metricType LowCardinality(String), metricValue Int32, createdAt DateTime, version UInt8 default 2)"
        " engine = MergeTree partition by toYYYYMM(createdAt) order by (entityType, entityId, createdAt)"
    )
    return table


def dbt(*command: str) -> dict[str, dict[str, Any]]:
    """Run a dbt command. Returns status, begin and end (epoch seconds) of each node.

    Raises EntityMetricsError if one fails to run.
    """
    nodes = {}
    for node in run_plainly([*command]):
        if node.timing and node.node.resource_type != "operation":
            nodes[node.node.name] = {
                "status": str(node.status),
                "began": seconds(node.timing[0].started_at),
                "ended": seconds(node.timing[-1].completed_at),
            }
    return nodes


def seconds(moment: datetime) -> float:
    """Since the epoch. dbt's times are in UTC, and do not say so."""
    return moment.replace(tzinfo=UTC).timestamp()


def elapsed(nodes: dict[str, dict[str, Any]], *names: str) -> float:
    """Seconds from the begin of the first of these nodes (all, if none is named) to the end of the last."""
    timed = [node for name, node in nodes.items() if name in names or not names]
    return max(node["ended"] for node in timed) - min(node["began"] for node in timed)


def beside_copies(runs: list[dict[str, float]], copies: list[float]) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of each step, and their ratios to the COPY, medians over the runs.

    copies: one before the first run and one after each; a run is compared with the mean of the two beside it.
    """
    beside = [statistics.mean(pair) for pair in itertools.pairwise(copies)]
    seconds, ratios = {"bare COPY": statistics.median(copies)}, {"bare COPY": 1.0}
    for step in runs[0]:
        seconds[step] = statistics.median(run[step] for run in runs)
        ratios[step] = statistics.median(run[step] / copied for run, copied in zip(runs, beside, strict=True))
    return seconds, ratios


def run_and_publish(staging: list[str], events: str, publishing: str, building: str) -> dict[str, float]:
    """Seconds of staging, of building the event model (a step of that name), of publishing it, and of all three."""
    nodes = dbt("run", "--select", *staging, events, publishing)
    return {
        "staging": elapsed(nodes, *staging) if staging else 0.0,
        building: elapsed(nodes, events),
        "publishing": elapsed(nodes, publishing),
        f"staging + {building} + publishing": elapsed(nodes, *staging, events, publishing),
    }


def wait_for_merges(target: Target) -> None:
    """Until nothing that was written before is merged any more: what follows is timed by itself."""
    while target.value("select count() from system.merges"):
        time.sleep(0.1)
