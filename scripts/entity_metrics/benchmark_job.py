"""The part of the benchmark that runs dbt, in a process of its own so that its peak memory is dbt's."""

import json
import resource
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import click
from dbt.cli.main import dbtRunner

from entity_metrics import embedded_postgres
from entity_metrics.project import project_var, quiet_dbt_arguments
from entity_metrics.source import connect, connection_from_environment, source_tables
from entity_metrics.target import Target, open_target

EVENT_TABLE = project_var("event_table")

_OTHER_ROWS = """
    insert into {table} (entityType, entityId, userId, metricType, metricValue, createdAt, version)
    select
        ['Image', 'Post', 'Model', 'User'][1 + number % 4],
        number % 20000000,
        number % 1000003,
        ['ReactionLike', 'Comment', 'viewCount', 'tippedAmount'][1 + number % 3],
        1,
        toDateTime('2024-09-01 00:00:00') + intDiv(number, 4),
        2
    from numbers({rows})
"""


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--repeat", default=1)
@click.option("--test", is_flag=True)
@click.option("--other-rows", default=0)
def main(result: Path, repeat: int, test: bool, other_rows: int) -> None:
    """Run ImageMetric's job and write what it took to RESULT, as JSON."""
    target = open_target()
    connect(target, project_var("source_collection"), project_var("source_database"))
    dbt("seed")
    # COPY and job take turns, so that what else the machine does meets both; the median of each step counts. A first run pays for
    # dbt compiling its macros and for the engine's cold caches: it is reported apart. Each run begins without the tables of the
    # one before it, so that merging those takes no time from it.
    runs = []
    for _ in range(repeat + 1):
        for table in (EVENT_TABLE, "image_metrics", "stg_image_metrics"):
            target.command(f"drop table if exists {target.database}.{table} sync")
        runs.append({"bare COPY": bare_copy_seconds()} | run_image_metrics())
    taken: dict[str, Any] = {step: statistics.median(run[step] for run in runs[1:]) for step in runs[0]}
    taken["first_run"] = runs[0]
    taken["peak_mib_run"] = peak_mib()
    if test:
        tests = dbt("test", "--select", "image_metrics")
        failed = [name for name, node in tests.items() if node["status"] == "fail"]
        if failed:
            raise SystemExit(f"The tests {', '.join(failed)} failed.")
        taken["reconciling"] = tests["reconcile_image_metrics"]["seconds"]
    if other_rows:
        taken |= publish_beside(target, other_rows)
    taken["events"] = target.value(f"select count() from {target.database}.image_metrics")
    taken["peak_mib"] = peak_mib()
    result.write_text(json.dumps(taken))


def bare_copy_seconds() -> float:
    """COPY (select of the columns that staging pulls) TO STDOUT, by psql, to nowhere."""
    columns = [f'"{name}"' for name in source_tables("postgres")["ImageMetric"] if name != "timeframe"]
    source = connection_from_environment()
    sql = f"""copy (select {", ".join(columns)} from "{source["schema"]}"."ImageMetric" where timeframe = 'AllTime') to stdout"""
    started = time.perf_counter()
    subprocess.run([embedded_postgres.PSQL, "--no-psqlrc", "--quiet", "--command", sql], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def run_image_metrics(select: str = "stg_image_metrics image_metrics") -> dict[str, Any]:
    """Seconds of staging, unpivoting and publishing. Publishing begins with the first statement that names the event table."""
    began: list[float] = []

    def watch(event: Any) -> None:
        if not began and "create table if not exists" in event.info.msg and EVENT_TABLE in event.info.msg:
            began.append(time.time())

    nodes = dbt("run", "--select", *select.split(), watch=watch)
    published = nodes["image_metrics"]["ended"] - began[0]
    return {
        "staging": nodes.get("stg_image_metrics", {}).get("seconds", 0.0),
        "unpivoting": nodes["image_metrics"]["seconds"] - published,
        "publishing": published,
    }


def publish_beside(target: Target, other_rows: int) -> dict[str, float]:
    """Publish into an empty event table, beside `other_rows` rows of other slices, and once more over its own slice."""
    table = f"{target.database}.{EVENT_TABLE}"
    target.command(f"truncate table {table}")
    into_empty = run_image_metrics("image_metrics")["publishing"]
    target.command(f"truncate table {table}")
    target.command(_OTHER_ROWS.format(table=table, rows=other_rows))
    beside = run_image_metrics("image_metrics")["publishing"]
    again = run_image_metrics("image_metrics")["publishing"]
    return {"publishing_into_empty": into_empty, "publishing": beside, "publishing_again": again}


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


def peak_mib() -> int:
    """Peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
