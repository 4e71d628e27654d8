"""The verb `cutover`: which legacy tables can go. --output json prints what Report.as_json has."""

import sys

import click

from entity_metrics import cutover
from entity_metrics.errors import Verb
from entity_metrics.jobs import TABLES
from entity_metrics.terminal import output_option, show_report


@click.command("cutover", cls=Verb)
@click.option(
    "--table",
    "tables",
    multiple=True,
    type=click.Choice([*TABLES, cutover.TIPS]),
    help="Table to judge; may be given several times.  [default: all]",
)
@click.option("--target", "target_name", help="Output of profiles.yml; its default if not given.")
@output_option
def command(tables: tuple[str, ...], target_name: str | None, output: str) -> None:
    """Say of each legacy table what serves its columns, what goes on counting without it, and whether it can go.

    It needs the last `entity-metrics audit` of all keys. It reads only.

    Exit code 0: all these tables can go, or are gone; 1: one stays; 2: wrong usage.
    """
    report = cutover.run(target_name, list(tables))
    sys.exit(show_report(report, output))
