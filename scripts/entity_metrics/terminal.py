"""Where people read: the console, tables, and what is printed as JSON for programs."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

import click
from rich.console import Console
from rich.table import Table

TEXT, JSON = "text", "json"


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """End the process as SIGPIPE does: dbt would swallow rich's SystemExit in one of its threads, and wait for ever.

        The signal itself cannot be relied on, since an embedded engine may block it in the thread that it was opened in.
        """
        os._exit(141)


def console(stderr: bool = False) -> Console:
    """The terminal; where there is none, lines wide enough for the tables, unless COLUMNS says otherwise.

    A character that the terminal's encoding lacks is shown as a question mark, or escaped, and stops nothing.
    """
    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace" if stderr else "replace")
    made = _Console(stderr=stderr)
    return made if made.is_terminal or "COLUMNS" in os.environ else _Console(stderr=stderr, width=120)


def say(where: Console, sentence: str, style: str = "") -> None:
    """Print a sentence as it is: on one line, without highlighting."""
    where.print(sentence, style=style, highlight=False, markup=False, soft_wrap=True)


def show(where: Console, table: Table) -> None:
    """Print a table. A narrow terminal breaks its lines, rather than losing figures."""
    wide = Console(file=where.file, width=max(where.width, 100), force_terminal=where.is_terminal)
    wide.print(table, highlight=False, crop=False)


def progress_console(output: str) -> Console:
    """Where progress goes: beside the tables for people; to standard error where standard output is one JSON document."""
    return console(stderr=output == JSON)


def print_json(document: dict[str, Any]) -> None:
    """Print the document to standard output, alone. Dates become text."""
    sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")
    sys.stdout.flush()


class Report(Protocol):
    """What a verb found: whether all is right, as a document, and for people."""

    @property
    def succeeded(self) -> bool: ...

    def as_json(self) -> dict[str, Any]: ...

    def print(self, where: Console) -> None: ...


def show_report(report: Report, output: str) -> int:
    """Print the report as the option --output asks for. Returns the verb's exit code: 0 if all is right, else 1."""
    if output == JSON:
        print_json(report.as_json())
    else:
        report.print(console())
    return 0 if report.succeeded else 1


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option --output of every verb that prints a table."""
    return click.option(
        "--output",
        type=click.Choice([TEXT, JSON]),
        default=TEXT,
        show_default=True,
        help="Tables for people, or one JSON document on standard output and progress on standard error.",
    )(command)
