"""Where people read: the console, and the sentence that a script fails with."""

import os
import sys
from typing import NoReturn

from rich.console import Console


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """End the process as SIGPIPE does: dbt would swallow rich's SystemExit in one of its threads, and wait for ever.

        The signal itself cannot be relied on, since an embedded engine may block it in the thread that it was opened in.
        """
        os._exit(141)


def console(stderr: bool = False) -> Console:
    """The terminal; where there is none, lines wide enough for the tables, unless COLUMNS says otherwise."""
    made = _Console(stderr=stderr)
    return made if made.is_terminal or "COLUMNS" in os.environ else _Console(stderr=stderr, width=120)


def say(where: Console, sentence: str, style: str = "") -> None:
    """Print a sentence as it is: on one line, without highlighting."""
    where.print(sentence, style=style, highlight=False, markup=False, soft_wrap=True)


def fail(sentence: str) -> NoReturn:
    """Print the sentence to standard error and exit with 1."""
    say(console(stderr=True), sentence, style="red")
    sys.exit(1)
