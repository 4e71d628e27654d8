"""The verb `get`: totals of some entities, from the cache or ClickHouse.

--output json prints {"command": "get", "entity_type", "totals": {id: {quantity: total}}, "unknown": [ids]}.
"""

import sys

import click
from rich.table import Table

from entity_metrics.errors import EntityMetricsError, Verb
from entity_metrics.serving.connections import open_cache, open_metrics
from entity_metrics.target import opened_target
from entity_metrics.terminal import JSON, console, output_option, print_json, say, show


@click.command("get", cls=Verb)
@click.argument("entity_type", metavar="TYPE")
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
@click.option("--target", "target_name", help="Output of profiles.yml; its default if not given.")
@output_option
def command(entity_type: str, ids: tuple[int, ...], target_name: str | None, output: str) -> None:
    """Print the totals of entities, such as `Model 1 2 3`, as an application reads them; of `User 1 2 3` what user_totals has.

    What the cache lacks is read from ClickHouse, and cached. Without a cache ClickHouse is read.

    Exit code 0: all are known, with or without totals; 1: of some nothing is known now, or the type is unknown; 2: wrong usage.
    """
    with opened_target(target_name) as target:
        metrics = open_metrics(target, open_cache())
        if entity_type != "User":
            found = metrics.get(entity_type, ids)
        elif target.exists(f"{target.database}.user_totals"):
            found = metrics.get_user_metrics(ids)
        else:
            raise EntityMetricsError("There is no user_totals to look users up in: run `dbt build --select user_totals`.")
    if output == JSON:
        totals = {str(i): found.totals[i] for i in ids if i in found.totals}
        print_json({"command": "get", "entity_type": entity_type, "totals": totals, "unknown": sorted(found.unknown)})
    else:
        table = Table("id", "quantity", "total", box=None, pad_edge=False)
        table.columns[2].justify = "right"
        for i in dict.fromkeys(ids):
            for quantity, total in sorted(found.totals.get(i, {}).items()):
                table.add_row(str(i), quantity, f"{total:,}")
            if not found.totals.get(i):
                table.add_row(str(i), "unknown" if i in found.unknown else "nothing", "")
        show(console(), table)
    if found.unknown:
        say(console(stderr=True), f"Of {len(found.unknown)} nothing is known now: {metrics.failure}", style="red")
        sys.exit(1)
