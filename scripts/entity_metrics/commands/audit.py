"""The verb `audit`: compare every key of every quantity at each hop from Postgres to the cache.

--output json prints what Report.as_json has.
"""

import sys

import click

from entity_metrics import audit, registry
from entity_metrics.commands.backfill import parse_counted_from
from entity_metrics.errors import Verb
from entity_metrics.terminal import output_option, show_report


def parse_sample(_context: click.Context, _parameter: click.Parameter, given: str | None) -> float | None:
    """0.01 is a share, 1000 a number of entities. Raises BadParameter for anything that is neither."""
    if given is None:
        return None
    try:
        number = float(given)
    except ValueError:
        number = 0.0
    if not number > 0 or number == float("inf") or (number > 1 and number != int(number)):
        raise click.BadParameter(f"'{given}': give a share of the entities, such as 0.01, or a number of them, such as 1000.")
    return number


def parse_only(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[str]:
    """Bounty, or Bounty.trackCount. Raises BadParameter for what the registry does not know."""
    rows = registry.quantities()
    known = {row.entity_type for row in rows} | {f"{row.entity_type}.{row.name}" for row in rows}
    for key in given:
        if key not in known:
            raise click.BadParameter(
                f"'{key}': give an entity type or a quantity of {registry.FILE.name}, such as Bounty.trackCount."
            )
    return list(given)


@click.command("audit", cls=Verb)
@click.option(
    "--sample",
    metavar="N",
    callback=parse_sample,
    help="Compare a part of the keys, the same each time: a share of the entities, such as 0.01, or about so many of them,"
    " such as 1000.  [default: all]",
)
@click.option(
    "--only",
    metavar="KEY",
    multiple=True,
    callback=parse_only,
    help="Entity type or quantity, such as Bounty or Bounty.trackCount; may be given several times.  [default: all]",
)
@click.option(
    "--counted-from",
    multiple=True,
    metavar="KEY=JOB",
    callback=parse_counted_from,
    help="As it was given to backfill; may be given several times.  [default: the var counted_from]",
)
@click.option("--target", help="Output of profiles.yml; its default if not given.")
@output_option
def command(sample: float | None, only: list[str], counted_from: dict[str, str], target: str | None, output: str) -> None:
    """Compare every key of every quantity from hop to hop: Postgres, staged rows, events, days, totals, cache.

    What differs is named with the first hop that differs and the worst keys. Sums are never enough: two errors cancel out.
    What changed since it was staged, summed up or cached is newer, which is no loss. The result is kept in the table audit.

    Exit code 0: no hop lost or added anything; 1: one did, or there was nothing to compare; 2: wrong usage.
    """
    report = audit.run(target, sample, only, counted_from)
    sys.exit(show_report(report, output))
