"""The verb `report`: one HTML file on what was done, what proves it, and what does not hold.

--output json prints what Content.as_json has.
"""

import sys
import webbrowser
from pathlib import Path

import click

from entity_metrics import PROJECT
from entity_metrics.errors import Verb
from entity_metrics.report import content, page
from entity_metrics.terminal import JSON, console, output_option, print_json, say

FILE = PROJECT / "target" / "report.html"


@click.command("report", cls=Verb)
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.  [default: target/report.html]")
@click.option("--open", "opened", is_flag=True, help="Show it in the browser.")
@click.option("--target", help="Output of profiles.yml; its default if not given.")
@output_option
def command(file: Path | None, opened: bool, target: str | None, output: str) -> None:
    """Write one HTML file: whether everything is proven, each figure with the test that proves it, and what every run did.

    It reads what runs, the last audit and the event table left in the target, and changes nothing there. With --output json the
    same content is printed, and the file is written only where --file names one.

    Exit code 0: everything is proven; 1: something is not; 2: wrong usage.
    """
    found, manifest = content.read(target)
    if output == JSON:
        print_json(found.as_json())
    if output != JSON or file:
        written = (file or FILE).absolute()
        docs = written.parent / "index.html"
        page.write(
            page.render(found, manifest, docs.name if (written.parent / "catalog.json").exists() and docs.exists() else ""),
            written,
        )
        if opened:
            webbrowser.open(written.as_uri())
    if output != JSON:
        where = console()
        say(where, found.sentence, style="" if found.succeeded else "red")
        say(where, f"Written to {written.relative_to(PROJECT) if written.is_relative_to(PROJECT) else written}")
    sys.exit(0 if found.succeeded else 1)
