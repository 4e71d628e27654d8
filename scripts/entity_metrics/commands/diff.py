"""The verb `diff`: what a change does to SQL and to numbers. --output json prints what docs/diff.schema.json describes."""

import sys
from pathlib import Path

import click

from entity_metrics.diff import document, render
from entity_metrics.diff.run import Request, run
from entity_metrics.errors import EntityMetricsError, Verb
from entity_metrics.terminal import JSON, TEXT, console, print_json, say

MARKDOWN = "markdown"


def _conditions(_context: click.Context, _option: click.Parameter, given: str) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    unknown = [name for name in names if name not in document.FAIL_ON]
    if unknown:
        raise click.BadParameter(f"{unknown[0]} is none of {', '.join(document.FAIL_ON)}.")
    return names


@click.command("diff", cls=Verb, failure=2)
@click.option("--base", required=True, help="Branch, tag or commit to compare with, from where head parted from it.")
@click.option("--head", help="Branch, tag or commit that changes it.  [default: the working tree, as it is now]")
@click.option(
    "--select", multiple=True, help="Nodes to compare, as dbt selects them; may be given several times.  [default: all]"
)
@click.option("--target", "target_name", help="Output of profiles.yml, of type chdb.  [default: embedded]")
@click.option("--given", is_flag=True, help="Build from the Postgres that PGHOST ... name instead of a sample site.")
@click.option(
    "--range-limit", type=click.IntRange(1), help="With --given: pull so many ranges of each table, and publish nothing."
)
@click.option("--whole", is_flag=True, help="Build and compare all nodes, also those that the change does not touch.")
@click.option("--with-values", is_flag=True, help="Show values in examples, also those that could be personal.")
@click.option(
    "--fail-on", callback=_conditions, default="", help="Exit with 1 only for these, such as removed-rows,changed-totals."
)
@click.option(
    "--full-report", type=click.Path(path_type=Path, dir_okay=False), help="Write everything, as Markdown, into this file."
)
@click.option(
    "--output",
    type=click.Choice([TEXT, MARKDOWN, JSON]),
    default=TEXT,
    show_default=True,
    help="Text for a terminal, Markdown of at most 65,000 characters for a comment, or one JSON document.",
)
def command(
    base: str,
    head: str | None,
    select: tuple[str, ...],
    target_name: str | None,
    given: bool,
    range_limit: int | None,
    whole: bool,
    with_values: bool,
    fail_on: list[str],
    full_report: Path | None,
    output: str,
) -> None:
    """Build two revisions on the same source, and compare their compiled SQL, rows, totals and tests.

    Both are built aside, on embedded engines: the checkout, its target folder and its chDB folder stay as they are. Nodes are
    built without their tests, which run afterwards: a test that fails hides no figures.

    Exit code 0: nothing differs; 1: something does, or with --fail-on one of these; 2: a revision is unknown or cannot be built,
    or wrong usage.
    """
    if range_limit and not given:
        raise click.UsageError("--range-limit is for --given: the sample site is built whole.")
    errors = console(stderr=True)
    request = Request(base, head, target_name, select, given, range_limit or 0, whole, with_values)
    found = run(request, lambda sentence: say(errors, sentence))
    if full_report:
        try:
            full_report.write_text(render.whole(found), encoding="utf-8")
        except OSError as ex:
            raise EntityMetricsError(f"The full report cannot be written: {ex.strerror}: {full_report}.") from ex
    if output == JSON:
        print_json(found)
    else:
        click.echo(render.RENDERERS[output](found), nl=False)
    if found["failure"]:
        say(errors, found["failure"]["sentence"], style="red")
        sys.exit(2)
    sys.exit(int(bool(set(fail_on) & set(found["found"])) if fail_on else found["differs"]))
