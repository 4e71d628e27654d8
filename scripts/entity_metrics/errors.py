"""The one error of this package, and the one place that ends a command with it."""

import datetime
import os
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import click

from entity_metrics import PROJECT


class EntityMetricsError(Exception):
    """What a person is told. sentence: what happened and the remedy; transient: whether trying again may help."""

    def __init__(self, sentence: str, transient: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.transient = transient


class Verb(click.Command):
    """A command that ends with a sentence and an exit code, whatever was raised; it has the option --debug.

    failure: the exit code of what was raised.
    """

    def __init__(self, *args: Any, failure: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._failure = failure
        self.params.append(
            click.Option(["--debug"], is_flag=True, expose_value=False, help="Print the traceback of a failure, too.")
        )

    def invoke(self, context: click.Context) -> Any:
        try:
            return self.work(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except Exception as ex:
            given = context.get_parameter_source("debug")
            end_with(ex, debug=given is click.core.ParameterSource.COMMANDLINE, code=self._failure)

    def work(self, context: click.Context) -> Any:
        """What the command does."""
        return super().invoke(context)


def end_with(error: Exception, debug: bool = False, code: int = 1) -> NoReturn:
    """Print the sentence to standard error and exit with that code. The traceback goes to logs/, and is printed with `debug`."""
    from entity_metrics.explain import explain
    from entity_metrics.terminal import console, say

    told = error if isinstance(error, EntityMetricsError) else explain(error)
    where = console(stderr=True)
    say(where, told.sentence, style="red")
    if not isinstance(error, EntityMetricsError) or error.__cause__:
        written = keep_traceback(error)
        if debug:
            say(where, traceback_of(error))
        elif written:
            say(where, f"The traceback is in {written}; --debug prints it.")
    sys.exit(code)


def traceback_of(error: BaseException) -> str:
    """The traceback without passwords."""
    from entity_metrics.explain import hide_secrets

    return hide_secrets("".join(traceback.format_exception(error)))


def keep_traceback(error: BaseException) -> str:
    """Add the traceback to the log file. Returns its path, from the project's folder if it is in there; '' if there is none."""
    folder = Path(os.environ.get("DBT_LOG_PATH") or PROJECT / "logs")
    log = folder / "entity-metrics.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            now = datetime.datetime.now(datetime.UTC)
            file.write(f"{now:%Y-%m-%d %H:%M:%S} UTC {Path(sys.argv[0]).name}\n{traceback_of(error)}\n")
    except OSError:  # a checkout that cannot be written
        return ""
    return str(log.relative_to(PROJECT) if log.is_relative_to(PROJECT) else log)
