"""The verb `benchmark`: build a source, run the job in a process of its own, print and keep the record.

--output json prints the record that is also written to target/benchmark.json: docs/benchmarks.md explains its keys.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from entity_metrics import PROJECT, embedded_postgres
from entity_metrics.benchmarks import brand_visibility, follow, image_metrics, lookups, refresh, source_events, users
from entity_metrics.benchmarks.postgres import SCHEMA, connect
from entity_metrics.errors import Verb
from entity_metrics.terminal import JSON, output_option, print_json, progress_console, show

JOBS: dict[str, ModuleType] = {
    "image_metrics": image_metrics,
    "source_events": source_events,
    "brand_visibility": brand_visibility,
    "refresh": refresh,
    "follow": follow,
    "lookups": lookups,
    "users": users,
}
POSTGRES = PROJECT / ".benchmark" / "postgres"
FOLDER = PROJECT / "target" / "benchmark"
RECORD = PROJECT / "target" / "benchmark.json"


@click.command(cls=Verb)
@click.option("--job", type=click.Choice(list(JOBS)), default="image_metrics", show_default=True, help="The job to time.")
@click.option(
    "--rows",
    default=4_000_000,
    show_default=True,
    type=click.IntRange(1, 2_000_000_000),
    help="Rows of its source table: ImageMetric, ImageReaction or extracted_positions; of refresh and lookups events, of users"
    " content.",
)
@click.option(
    "--given", is_flag=True, help="Use the Postgres that PGHOST ... name, in a schema of its own, instead of an embedded one."
)
@click.option(
    "--other-rows",
    default=50_000_000,
    show_default=True,
    type=click.IntRange(0),
    help="image_metrics: rows of other slices that the event table holds when publishing is timed again; 0 leaves that out.",
)
@output_option
def command(job: str, rows: int, given: bool, other_rows: int, output: str) -> None:
    """Build a source table of that size, run a job on it, and print what each step took beside a bare COPY.

    refresh has no source: it fills an event table, builds the totals, and refreshes them after a change. follow changes one row
    in a thousand and appends the corrective events. lookups fills the cache, and reads a thousand entities at a time. users has
    no source either: it fills the staged tables, and counts users.
    """
    console = progress_console(output)
    source = JOBS[job].SOURCE
    if given and source != "postgres":
        raise click.UsageError(f"--given does not go with --job {job}.")
    if given:
        os.environ["PGSCHEMA"] = SCHEMA
    elif source:
        environment = embedded_postgres.start(POSTGRES)
        os.environ.update(environment | {f"BRAND_VISIBILITY_{name}": value for name, value in environment.items()})
        os.environ["BRAND_VISIBILITY_PGSCHEMA"] = "brand_visibility"
    try:
        console.print(f"Building {JOBS[job].TABLES}, {rows:,} rows ...", highlight=False)
        record = {"job": job, "rows": JOBS[job].build(rows), "machine": describe_machine()} | run_job(job, "--rows", str(rows))
        if job == "image_metrics" and other_rows:
            record["publishing_beside_other_rows"] = run_job(job, "--other-rows", str(other_rows))
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
        if given:
            with connect() as connection:
                connection.execute(f"drop schema if exists {SCHEMA} cascade".encode())
        elif source:
            embedded_postgres.stop(POSTGRES)
    record["rows_per_second"] = {step: record["rows"] / seconds for step, seconds in record["seconds"].items()}
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    if output == JSON:
        print_json(record)
    else:
        print_record(console, record)


def run_job(job: str, *options: str) -> dict[str, Any]:
    """Run the job by dbt in a process of its own, on an empty chDB folder. Returns what that process measured."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    result = FOLDER / "job.json"
    environment = os.environ | {
        "ENTITY_METRICS_CHDB_PATH": str(FOLDER / "chdb"),
        "ENTITY_METRICS_TARGET": "embedded",
        "DBT_TARGET_PATH": str(FOLDER / "target"),
        "DBT_LOG_PATH": str(FOLDER / "logs"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "entity_metrics.benchmarks.process", job, str(result), *options]
    subprocess.run(command, env=environment, check=True)
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
    ratios = record.get("ratio_to_copy", {})
    table = Table("step", "seconds", *(["x bare COPY"] if ratios else []), "rows/s", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for step, seconds in record["seconds"].items():
        ratio = [f"{ratios[step]:.2f}"] if ratios else []
        digits = 2 if seconds >= 0.1 else 4
        table.add_row(step, f"{seconds:.{digits}f}", *ratio, f"{record['rows_per_second'][step]:,.0f}")
    machine = record["machine"]
    made = ", ".join(f"{number:,} {word}" for word, number in record["made"].items())
    console.print(
        f"{JOBS[record['job']].TABLES}, {record['rows']:,} rows, {made};"
        f" {machine['cpu']}, {machine['cores']} cores; median of {record['repeat']} runs",
        highlight=False,
        soft_wrap=True,
    )
    show(console, table)
    memory = record["peak_memory_mib"]
    with_tests = f", with the tests {memory['run and tests']:,} MiB" if "run and tests" in memory else ""
    console.print(f"Peak memory of the dbt process: {memory['run']:,} MiB{with_tests}", highlight=False)
    beside = record.get("publishing_beside_other_rows")
    if beside:
        console.print(
            f"Publishing beside {beside['other_rows']:,} rows of other slices: {beside['seconds']:.2f} s,"
            f" {beside['ratio_to_empty']:.2f} times the {beside['seconds_into_empty']:.2f} s into an empty table;"
            f" there again, with the slice unchanged: {beside['seconds_unchanged']:.2f} s",
            highlight=False,
            soft_wrap=True,
        )
    console.print(f"Written to {RECORD.relative_to(PROJECT)}", highlight=False)
