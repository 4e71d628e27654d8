"""The command `entity-metrics`: which verbs there are, and where they run."""

import importlib
import os

import click

from entity_metrics import PROJECT

VERBS = {
    "audit": "Compare every key at each hop from Postgres to the cache.",
    "backfill": "Run a job, with progress, retries and a summary.",
    "benchmark": "Time a job against a bare COPY.",
    "cache": "The cache of totals: warm, refresh, check, clear.",
    "connect": "Connect a Postgres source to the ClickHouse target.",
    "cutover": "Say which legacy tables can go, and what keeps the others.",
    "diff": "Show what a change does to SQL and to numbers.",
    "doctor": "Check everything that can be checked before a run.",
    "follow": "Append what changed in the source since, once or again and again.",
    "get": "Print totals of entities, as an application reads them.",
    "report": "Write one HTML file: what is proven, and by what.",
    "sample": "The sample site: start, load, load-clickhouse, stop.",
}
"""Each is `command` in a module of entity_metrics.commands, which is imported when it is wanted: dbt takes a second."""


class _Verbs(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        return verb(name) if name in VERBS else None

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs)
@click.version_option(package_name="entity-metrics")
def cli() -> None:
    """Entity metrics on ClickHouse: move a site's metrics from Postgres into events, and prove the result.

    Exit code 0: all is right; 1: something failed or is not right; 2: wrong usage.
    """


def verb(name: str) -> click.Command:
    """The verb, with its module imported."""
    return importlib.import_module(f"entity_metrics.commands.{name}").command


def main() -> None:
    """The console script. Every verb runs in the project's folder, wherever it is called from."""
    os.chdir(PROJECT)  # where dbt looks for its files
    cli()


def run(name: str) -> None:
    """One verb, as the thin entries in scripts/ call it."""
    os.chdir(PROJECT)  # where dbt looks for its files
    verb(name)()
