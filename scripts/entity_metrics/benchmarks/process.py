"""The part of a benchmark that runs dbt, in a process of its own so that its peak memory is dbt's."""

import importlib
import json
import resource
import statistics
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from entity_metrics.benchmarks.models import beside_copies, dbt, elapsed
from entity_metrics.benchmarks.postgres import bare_copy_seconds
from entity_metrics.source import collection_and_database, connect
from entity_metrics.target import Target, open_target

REPEAT = 5
"""How often the COPY and the job are timed, in turns; the median of each counts."""


@click.command()
@click.argument("job")
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--rows", default=0)
@click.option("--other-rows", default=0)
def main(job: str, result: Path, rows: int, other_rows: int) -> None:
    """Run JOB and write what it took to RESULT, as JSON."""
    module = importlib.import_module(f"entity_metrics.benchmarks.{job}")
    target = open_target()
    if module.SOURCE:
        connect(target, *collection_and_database(module.SOURCE), source=module.SOURCE)
    dbt("seed")
    if other_rows:
        record = module.publish_beside(target, other_rows)
    elif hasattr(module, "record"):  # a job with a course of its own
        record = module.record(target, rows) | {"peak_memory_mib": {"run": peak_mib()}}
    else:
        record = in_turns(target, module)
    result.write_text(json.dumps(record))


def in_turns(target: Target, module: ModuleType) -> dict[str, Any]:
    """COPY and job take turns, so that what else the machine does meets both; the median of each step counts.

    A ratio is to the mean of the COPY before and the COPY after: a machine that others share is faster in one minute than in the
    next.

    A first run pays for dbt compiling its macros and for the engine's cold caches: it is reported apart. Each run begins without
    the tables of the one before it, so that merging those takes no time from it.
    """

    def copy() -> float:
        return bare_copy_seconds(module.copy_statements(), module.SOURCE)

    runs, copies = [], [copy()]
    for _ in range(REPEAT + 1):
        made = f"select name from system.tables where database = '{target.database}' and name not in ('pull_ledger', 'metrics')"
        for (table,) in target.rows(made):
            target.command(f"drop table if exists {target.database}.{table}")
        runs.append(module.run_models())
        copies.append(copy())
    seconds, ratios = beside_copies(runs[1:], copies[1:])
    run_peak = peak_mib()
    tests = dbt("test", "--select", *module.TESTS)
    failed = [name for name, node in tests.items() if node["status"] == "fail"]
    if failed:
        raise SystemExit(f"The tests {', '.join(failed)} failed.")
    for step in [*tests, "all data tests"]:
        seconds[step] = elapsed(tests, *([step] if step in tests else []))
        ratios[step] = seconds[step] / statistics.mean([copies[-1], copy()])
    return {
        "seconds": seconds,
        "ratio_to_copy": ratios,
        "repeat": REPEAT,
        "first_run_seconds": runs[0],
        "peak_memory_mib": {"run": run_peak, "run and tests": peak_mib()},
        "made": {
            word: sum(target.value(f"select count() from {target.database}.{model}") for model in models)
            for word, models in module.MADE.items()
        },
    }


def peak_mib() -> int:
    """Peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
