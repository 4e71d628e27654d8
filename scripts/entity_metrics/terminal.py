"""Where people read: the console, and the sentence that a script fails with."""

import os
import sys
from typing import NoReturn

from rich.console import Console


def console(stderr: bool = False) -> Console:
    """The terminal; where there is none, lines wide enough for the tables, unless COLUMNS says otherwise."""
    made = Console(stderr=stderr)
    return made if made.is_terminal or "COLUMNS" in os.environ else Console(stderr=stderr, width=120)


def say(where: Console, sentence: str, style: str = "") -> None:
    """Print a sentence as it is: on one line, without highlighting."""
    where.print(sentence, style=style, highlight=False, markup=False, soft_wrap=True)


def fail(sentence: str) -> NoReturn:
    """Print the sentence to standard error and exit with 1."""
    say(console(stderr=True), sentence, style="red")
    sys.exit(1)
