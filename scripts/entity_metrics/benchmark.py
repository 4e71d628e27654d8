"""The benchmark: what the ImageMetric job costs, as ratios to a bare COPY of the same columns, all taken in one run."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from entity_metrics import PROJECT, embedded_postgres, sample_site, terminal
from entity_metrics.source import connection_from_environment

FOLDER = PROJECT / "target" / "benchmark"
RECORD = PROJECT / "target" / "benchmark.json"
REPEAT = 5
"""How often the COPY and the job are timed, in turns; the median of each counts."""


@click.command()
@click.option(
    "--job",
    type=click.Choice(["image_metrics", "brand_visibility"]),
    default="image_metrics",
    show_default=True,
    help="The job to time; --given and --other-rows are for image_metrics.",
)
@click.option(
    "--rows", default=4_000_000, show_default=True, type=click.IntRange(1, 2_000_000_000), help="Rows of its source table."
)
@click.option(
    "--given", is_flag=True, help="Use the Postgres that PGHOST ... name, in a schema of its own, instead of an embedded one."
)
@click.option(
    "--other-rows",
    default=50_000_000,
    show_default=True,
    type=click.IntRange(0),
    help="Rows of other slices that the event table holds when publishing is timed a second time; 0 leaves that out.",
)
def main(job: str, rows: int, given: bool, other_rows: int) -> None:
    """Build a source table of that size, run the job on it, and print what each step took, beside a bare COPY."""
    if job == "brand_visibility":
        from entity_metrics import benchmark_brand_visibility

        if given:
            raise click.UsageError("--given does not go with --job brand_visibility.")
        benchmark_brand_visibility.run(rows)
        return
    console = terminal.console()
    if given:
        os.environ["PGSCHEMA"] = "entity_metrics_benchmark"
    else:
        os.environ.update(embedded_postgres.start(PROJECT / ".benchmark" / "postgres"))
    try:
        console.print(f"Building an ImageMetric of {rows:,} rows ...", highlight=False)
        build_source(rows)
        record = {"rows": rows, "machine": describe_machine(), **measure(rows, other_rows)}
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
        if given:
            with connect() as connection:
                connection.execute("drop schema if exists entity_metrics_benchmark cascade")
        else:
            embedded_postgres.stop(PROJECT / ".benchmark" / "postgres")
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    print_record(console, record)


def connect() -> psycopg.Connection:
    """A connection to the Postgres that libpq's variables name, in the schema PGSCHEMA."""
    source = connection_from_environment()
    return psycopg.connect(sample_site.dsn(source), options=f"-c search_path={source['schema']}", autocommit=True)


def build_source(rows: int) -> None:
    """Fill ImageMetric, unless an earlier benchmark left one of that size. The other tables get a few rows."""
    with connect() as connection:
        connection.execute(f"create schema if not exists {connection_from_environment()['schema']}".encode())
        made = connection.execute("select to_regclass('\"ImageMetric\"') is not null").fetchone() == (True,)
        if not made:
            with connection.transaction():
                sample_site.fill(connection, 100)
        if connection.execute('select count(*) from "ImageMetric"').fetchone() != (rows,):
            script = (sample_site.SCRIPTS / "image_metric_of_size.sql").read_text().replace(":rows", str(rows))
            connection.execute(script.encode())
            connection.execute('vacuum "ImageMetric"')


def measure(rows: int, other_rows: int) -> dict[str, Any]:
    """Seconds of each step and peak memory, in one run."""
    job = run_job(["--repeat", str(REPEAT), "--test"])
    copy = job["bare COPY"]
    seconds = {
        "bare COPY": copy,
        "staging": job["staging"],
        "unpivoting": job["unpivoting"],
        "publishing": job["publishing"],
        "staging + unpivoting + publishing": job["staging"] + job["unpivoting"] + job["publishing"],
        "reconciling": job["reconciling"],
    }
    result: dict[str, Any] = {
        "seconds": seconds,
        "ratio_to_copy": {step: taken / copy for step, taken in seconds.items()},
        "rows_per_second": {step: rows / taken for step, taken in seconds.items()},
        "events": job["events"],
        "repeat": REPEAT,
        "first_run_seconds": job["first_run"],
        "peak_memory_mib": {"run": job["peak_mib_run"], "run and tests": job["peak_mib"]},
    }
    if other_rows:
        crowded = run_job(["--other-rows", str(other_rows)])
        result["publishing_beside_other_rows"] = {
            "other_rows": other_rows,
            "seconds": crowded["publishing"],
            "ratio_to_empty": crowded["publishing"] / crowded["publishing_into_empty"],
            "seconds_into_empty": crowded["publishing_into_empty"],
            "seconds_replacing_its_slice": crowded["publishing_again"],
        }
    return result


def run_job(options: list[str], module: str = "entity_metrics.benchmark_job") -> dict[str, Any]:
    """Run the job by dbt in a process of its own, on an empty chDB folder. Returns what that process, `module`, measured."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    result = FOLDER / "job.json"
    environment = os.environ | {
        "ENTITY_METRICS_CHDB_PATH": str(FOLDER / "chdb"),
        "ENTITY_METRICS_TARGET": "embedded",
        "DBT_TARGET_PATH": str(FOLDER / "target"),
        "DBT_LOG_PATH": str(FOLDER / "logs"),
    }
    command = [sys.executable, "-m", module, str(result), *options]
    subprocess.run(command, env=environment | {"PYTHONPATH": str(Path(__file__).parents[1])}, check=True)
    return json.loads(result.read_text())


def describe_machine() -> dict[str, Any]:
    """What the figures were taken on."""
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        models = [
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ]
        cpu = models[0] if models else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": round(memory, 1), "system": platform.platform()}


def print_record(console: Console, record: dict[str, Any]) -> None:
    """The record as tables."""
    table = Table("step", "seconds", "x bare COPY", "rows/s", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for step, seconds in record["seconds"].items():
        table.add_row(step, f"{seconds:.2f}", f"{record['ratio_to_copy'][step]:.2f}", f"{record['rows_per_second'][step]:,.0f}")
    machine = record["machine"]
    console.print(
        f"ImageMetric, {record['rows']:,} rows, {record['events']:,} events;"
        f" {machine['cpu']}, {machine['cores']} cores; median of {record['repeat']} runs",
        highlight=False,
        soft_wrap=True,
    )
    console.print(table, highlight=False)
    memory = record["peak_memory_mib"]
    console.print(
        f"Peak memory of the dbt process: {memory['run']:,} MiB, with the tests {memory['run and tests']:,} MiB", highlight=False
    )
    beside = record.get("publishing_beside_other_rows")
    if beside:
        console.print(
            f"Publishing beside {beside['other_rows']:,} rows of other slices: {beside['seconds']:.2f} s,"
            f" {beside['ratio_to_empty']:.2f} times the {beside['seconds_into_empty']:.2f} s into an empty table;"
            f" replacing its own slice there: {beside['seconds_replacing_its_slice']:.2f} s",
            highlight=False,
            soft_wrap=True,
        )
    console.print(f"Written to {RECORD.relative_to(PROJECT)}", highlight=False)
