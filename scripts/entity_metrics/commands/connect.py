"""The verb `connect`: connect a Postgres source to the ClickHouse target, and say what was found there.

--output json prints {"target": name, "sources": [{"source", "host", "database", "schema", "clickhouse_database",
"server_version", "tables": [{"name", "found", "rows", "missing", "lacks_required"}], "findings": [{"level", "check", "thing",
"remedy"}]}]}; rows is Postgres's estimate, or null; findings are those of `entity-metrics doctor` that are not ok.
"""

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from entity_metrics import sample_site
from entity_metrics.dbt_runs import Dbt
from entity_metrics.doctor import source_settings
from entity_metrics.doctor.findings import Finding
from entity_metrics.doctor.source_view import SourceView
from entity_metrics.errors import Verb
from entity_metrics.explain import explain
from entity_metrics.project import project_var
from entity_metrics.source import PREFIXES, SourceReport, collection_and_database, connect, connection_from_environment, inspect
from entity_metrics.target import Target, opened_target
from entity_metrics.terminal import JSON, output_option, print_json, progress_console, say, show


@click.command(cls=Verb)
@click.option("--target", "target_name", help="Output of profiles.yml to connect to; its default if not given.")
@click.option(
    "--source",
    "source",
    type=click.Choice(list(PREFIXES)),
    default="postgres",
    show_default=True,
    help="Source of models/sources/: the site, or the brand visibility product.",
)
@click.option(
    "--sample", is_flag=True, help="Connect all sources to the sample site (made and started if need be) instead of PGHOST ..."
)
@output_option
def command(target_name: str | None, source: str, sample: bool, output: str) -> None:
    """Make the named collection and the source database on the ClickHouse target, and load the seeds.

    Reads PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSCHEMA (libpq's defaults; PGSCHEMA is public if not set). ClickHouse,
    not this machine, connects to Postgres: PGHOST must mean the same there. The password goes into the named collection only.
    With --sample, the site's own ClickHouse tables are made and filled, too.

    With --source brand_visibility the variables are BRAND_VISIBILITY_PGHOST, BRAND_VISIBILITY_PGPORT and so on. One of them that
    is not set has libpq's default, never the value of the PG variable without the prefix.
    """
    if sample:
        sample_site.use()
    where = progress_console(output)
    with opened_target(target_name) as target:
        connected = []
        for wanted in PREFIXES if sample else [source]:
            try:
                connected.append(connect_one(where, target, wanted))
            except Exception as ex:
                raise explain(ex, "" if sample else PREFIXES[wanted]) from ex
        if sample:
            sample_site.fill_clickhouse(
                target, project_var("source_database"), project_var("events_database"), project_var("orchestration_database")
            )
    seeded = Dbt(target_name, {}).load_seeds()
    if seeded.failure:
        raise seeded.failure
    if output == JSON:
        print_json({"target": target.name, "sources": connected})


def connect_one(where: Console, target: Target, source: str) -> dict[str, Any]:
    """Connect one source and say what it holds; returns the same for --output json. Raises what any layer has to say."""
    connection = connection_from_environment(source)
    collection, database = collection_and_database(source)
    connect(target, collection, database, source)
    report = inspect(target, collection, database, source)
    view = SourceView(target, source)
    findings = [finding for check in source_settings.CHECKS for finding in check(view) if finding.level != "ok"]
    say(
        where,
        f"Connected {connection['host']}, database {connection['database']}, schema {connection['schema']}"
        f" as {database} on the target {target.name}.",
    )
    print_report(where, report, findings)
    return {
        "source": source,
        "host": connection["host"],
        "database": connection["database"],
        "schema": connection["schema"],
        "clickhouse_database": database,
        **asdict(report),
        "findings": [asdict(finding) for finding in findings],
    }


def print_report(where: Console, report: SourceReport, findings: list[Finding]) -> None:
    """Print the server's version, each table with its estimated rows, what is missing, and what a run would stumble over."""
    say(where, f"PostgreSQL {report.server_version}")
    table = Table("table", "estimated rows", "missing", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for entry in report.tables:
        rows = "?" if entry.rows is None else f"{entry.rows:,}"
        table.add_row(entry.name, rows if entry.found else "", ", ".join(entry.missing) if entry.found else "the table")
    show(where, table)
    lacking = [entry for entry in report.tables if not entry.found or entry.missing]
    if lacking:
        names = ", ".join(entry.name for entry in lacking)
        say(where, f"The jobs that read {names} will stop.")
    if any(entry.missing and not entry.lacks_required for entry in lacking):
        say(where, "With --vars '{allow_missing_columns: true}' a job does without a column that is not its key.")
    if any(entry.found and entry.rows is None for entry in report.tables):
        say(where, "A ? means that Postgres never analyzed the table: ANALYZE makes planning its pull faster.")
    for finding in findings:
        say(where, f"{finding.level.capitalize()}: {finding.thing}: {finding.remedy}")
