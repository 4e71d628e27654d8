"""The benchmark of the brand visibility job: end to end against a bare COPY of the same columns, in turns."""

import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from entity_metrics import PROJECT, embedded_postgres, sample_site, terminal
from entity_metrics.benchmark import FOLDER, RECORD, REPEAT, describe_machine, run_job
from entity_metrics.benchmark_job import dbt, peak_mib
from entity_metrics.brand_visibility import JOB
from entity_metrics.source import collection_and_database, connect, connection_from_environment, source_tables
from entity_metrics.target import open_target

ROWS_AN_ANSWER = 6
BASE_ANSWERS = 20_000
"""So many answers are made by the sample's own SQL; more are copies of these under other ids."""

POSITIONS = "brand_visibility.extracted_positions"


def run(rows: int) -> None:
    """Build a source of about so many rows, run the job on it, and print what each step took."""
    console = terminal.console()
    environment = embedded_postgres.start(PROJECT / ".benchmark" / "postgres") | {"PGSCHEMA": "brand_visibility"}
    os.environ.update({f"BRAND_VISIBILITY_{name}": value for name, value in environment.items()})
    try:
        console.print(f"Building {POSITIONS} of {rows:,} rows ...", highlight=False)
        made = build_source(rows)
        record = {"job": JOB, "rows": made, "repeat": REPEAT, "machine": describe_machine()}
        record |= run_job([], module="entity_metrics.benchmark_brand_visibility")
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
        embedded_postgres.stop(PROJECT / ".benchmark" / "postgres")
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    print_record(console, record)


def build_source(rows: int) -> int:
    """Make the schema anew, unless an earlier benchmark left one of that size. Returns its rows."""
    answers = max(rows // ROWS_AN_ANSWER, 1)
    base = min(answers, BASE_ANSWERS)
    size = f"{answers} answers"
    with psycopg.connect(sample_site.dsn(connection_from_environment(JOB)), autocommit=True) as connection:
        there = connection.execute("select obj_description(to_regnamespace('brand_visibility'), 'pg_namespace')").fetchone()
        if there != (size,):
            connection.execute("drop schema if exists brand_visibility cascade")
            with connection.transaction():
                sample_site.fill_brand_visibility(connection, base)
                columns = [
                    row[0]
                    for row in connection.execute(
                        "select quote_ident(column_name) from information_schema.columns where table_schema = 'brand_visibility'"
                        " and table_name = 'extracted_positions' and column_name not in ('id', 'collector_result_id')"
                    )
                ]
                listed = ", ".join(columns)
                connection.execute(
                    f"insert into {POSITIONS} (collector_result_id, {listed})"
                    f" select collector_result_id + 1000000 * copy, {listed}"
                    f" from generate_series(1, {answers // base - 1}) as copy, {POSITIONS}"
                    " where collector_result_id < 1000000 order by copy, id".encode()
                )
                connection.execute(f"comment on schema brand_visibility is '{size}'".encode())
            connection.execute(f"vacuum analyze {POSITIONS}".encode())
        counted = connection.execute(f"select count(*) from {POSITIONS}".encode()).fetchone()
    return counted[0] if counted else 0


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
def main(result: Path) -> None:
    """Run the job in turns with the COPY and write what they took to RESULT, as JSON. A process of its own, for its memory."""
    target = open_target()
    connect(target, *collection_and_database(JOB), source=JOB)
    runs = []
    for _ in range(REPEAT + 1):
        # Without the tables of the run before, so that merging those takes no time from it.
        for (table,) in target.rows(f"select name from system.tables where database = '{target.database}'"):
            target.command(f"drop table if exists {target.database}.{table} sync")
        runs.append({"bare COPY": bare_copy_seconds()} | run_models())
    steps = {step: statistics.median(run[step] for run in runs[1:]) for step in runs[0]}
    peak = peak_mib()
    started = time.perf_counter()
    failed = [name for name, node in dbt("test", "--select", f"{JOB},test_type:data").items() if node["status"] == "fail"]
    if failed:
        raise SystemExit(f"The tests {', '.join(failed)} failed.")
    taken = {
        "seconds": steps | {"tests": time.perf_counter() - started},
        "first_run_seconds": runs[0],
        "peak_memory_mib": {"run": peak, "run and tests": peak_mib()},
        "facts": target.value(f"select count() from {target.database}.metric_facts"),
    }
    taken["ratio_to_copy"] = {step: seconds / steps["bare COPY"] for step, seconds in taken["seconds"].items()}
    result.write_text(json.dumps(taken))


def bare_copy_seconds() -> float:
    """COPY (select of the columns that staging pulls) TO STDOUT, by psql, to nowhere."""
    columns = ", ".join(source_tables(JOB)["extracted_positions"])
    sql = f"copy (select {columns} from {POSITIONS}) to stdout"
    command = [embedded_postgres.PSQL, "--no-psqlrc", "--quiet", "--command", sql]
    source = {name: str(os.environ[f"BRAND_VISIBILITY_{name}"]) for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE")}
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=os.environ | source)
    return time.perf_counter() - started


def run_models() -> dict[str, float]:
    """Seconds of pulling, of settling and of the tables made of that; of all models; and of the whole dbt command."""
    started = time.perf_counter()
    nodes = dbt("run", "--select", JOB)
    wall = time.perf_counter() - started
    seconds: dict[str, Any] = {name: node["seconds"] for name, node in nodes.items() if not name.startswith("entity_metrics-")}
    staging = seconds["stg_extracted_positions"] + seconds["stg_brand_competitors"]
    return {
        "staging": staging,
        "settling": seconds["settled_positions"],
        "tables": sum(seconds.values()) - staging - seconds["settled_positions"],
        "all models": sum(seconds.values()),
        "the dbt command": wall,
    }


def print_record(console: Console, record: dict[str, Any]) -> None:
    """The record as a table."""
    table = Table("step", "seconds", "x bare COPY", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for step, seconds in record["seconds"].items():
        table.add_row(step, f"{seconds:.2f}", f"{record['ratio_to_copy'][step]:.2f}")
    machine, memory = record["machine"], record["peak_memory_mib"]
    console.print(
        f"{JOB}, {record['rows']:,} rows, {record['facts']:,} facts;"
        f" {machine['cpu']}, {machine['cores']} cores; median of {record['repeat']} runs",
        highlight=False,
        soft_wrap=True,
    )
    console.print(table, highlight=False)
    console.print(
        f"Peak memory of the dbt process: {memory['run']:,} MiB, with the tests {memory['run and tests']:,} MiB", highlight=False
    )
    console.print(f"Written to {RECORD.relative_to(PROJECT)}", highlight=False)


if __name__ == "__main__":
    main()
