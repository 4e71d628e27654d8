"""Trying again after a transient failure."""

import time
from collections.abc import Callable

from rich.console import Console

from entity_metrics.dbt_runs import Outcome
from entity_metrics.terminal import say


def with_retries(console: Console, retries: int, attempt: Callable[[], Outcome]) -> Outcome:
    """Run `attempt` until it does not fail transiently, `retries` times more at the most, 1, 2, 4 ... seconds apart."""
    for tried in range(retries + 1):
        outcome = attempt()
        transient = [failure for failure in [outcome.failure, *outcome.failures.values()] if failure and failure.transient]
        if not transient or tried == retries:
            break
        wait = 2**tried
        say(console, f"{transient[0].sentence} Trying again in {wait} s.")
        time.sleep(wait)
    return outcome
