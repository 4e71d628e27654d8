"""Connect a Postgres source to the ClickHouse target, and say what was found there."""

import os

import click
from dbt.cli.main import dbtRunner
from rich.console import Console
from rich.table import Table

from entity_metrics import PROJECT, sample_site
from entity_metrics.explain import explain
from entity_metrics.project import project_var, quiet_dbt_arguments
from entity_metrics.source import PREFIXES, SourceReport, collection_and_database, connect, connection_from_environment, inspect
from entity_metrics.target import Target, open_target
from entity_metrics.terminal import console, fail, say


@click.command()
@click.option("--target", "target_name", help="Output of profiles.yml to connect to; its default if not given.")
@click.option(
    "--source",
    "source",
    type=click.Choice(list(PREFIXES)),
    default="postgres",
    show_default=True,
    help="Source of models/sources.yml: the site, or the brand visibility product.",
)
@click.option(
    "--sample", is_flag=True, help="Connect all sources to the sample site (made and started if need be) instead of PGHOST ..."
)
def main(target_name: str | None, source: str, sample: bool) -> None:
    """Make the named collection and the source database on the ClickHouse target, and load the seeds.

    Reads PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSCHEMA (libpq's defaults; PGSCHEMA is public if not set). ClickHouse,
    not this machine, connects to Postgres: PGHOST must mean the same there. The password goes into the named collection only.
    With --sample, the site's own ClickHouse tables are made and filled, too.

    With --source brand_visibility the variables are BRAND_VISIBILITY_PGHOST, BRAND_VISIBILITY_PGPORT and so on. One of them that
    is not set has libpq's default, never the value of the PG variable without the prefix.
    """
    if sample:
        sample_site.use()
    try:
        target = open_target(target_name)
        try:
            for wanted in PREFIXES if sample else [source]:
                connect_one(target, wanted)
            if sample:
                sample_site.fill_clickhouse(
                    target, project_var("source_database"), project_var("events_database"), project_var("orchestration_database")
                )
        finally:
            target.close()
    except Exception as ex:  # whatever layer it comes from, the person gets one sentence
        fail(explain(str(ex), "" if sample else PREFIXES[source]).sentence)
    seeded = dbtRunner().invoke(["seed", *quiet_dbt_arguments(target_name)])
    if not seeded.success:
        fail(explain(str(seeded.exception or seeded.result.results[0].message)).sentence)


def connect_one(target: Target, source: str) -> None:
    """Connect one source and say what it holds. Raises what any layer has to say."""
    connection = connection_from_environment(source)
    collection, database = collection_and_database(source)
    connect(target, collection, database, source)
    report = inspect(target, collection, database, source)
    where = console()
    say(
        where,
        f"Connected {connection['host']}, database {connection['database']}, schema {connection['schema']}"
        f" as {database} on the target {target.name}.",
    )
    print_report(where, report)


def print_report(where: Console, report: SourceReport) -> None:
    """Print the server's version, each table with its estimated rows, and what is missing."""
    say(where, f"PostgreSQL {report.server_version}")
    table = Table("table", "estimated rows", "missing", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for entry in report.tables:
        rows = "?" if entry.rows is None else f"{entry.rows:,}"
        table.add_row(entry.name, rows if entry.found else "", ", ".join(entry.missing) if entry.found else "the table")
    where.print(table, highlight=False)
    lacking = [entry for entry in report.tables if not entry.found or entry.missing]
    if lacking:
        names = ", ".join(entry.name for entry in lacking)
        say(where, f"The jobs that read {names} will stop.")
    if any(entry.missing and not entry.lacks_required for entry in lacking):
        say(where, "With --vars '{allow_missing_columns: true}' a job does without a column that is not its key.")
    if any(entry.found and entry.rows is None for entry in report.tables):
        say(where, "A ? means that Postgres never analyzed the table: ANALYZE makes planning its pull faster.")


if __name__ == "__main__":
    os.chdir(PROJECT)
    main()
