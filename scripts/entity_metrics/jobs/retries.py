"""Trying again after a transient failure."""

import time
from collections.abc import Callable

from entity_metrics.dbt_runs import Outcome


def with_retries(say: Callable[[str], None], retries: int, attempt: Callable[[], Outcome]) -> Outcome:
    """Run `attempt` until it does not fail transiently, `retries` times more at the most, 1, 2, 4 ... seconds apart.

    say: is told why, and when it is tried again.
    """
    for tried in range(retries + 1):
        outcome = attempt()
        transient = [failure for failure in [outcome.failure, *outcome.failures.values()] if failure and failure.transient]
        if not transient or tried == retries:
            break
        wait = 2**tried
        say(f"{transient[0].sentence} Trying again in {wait} s.")
        time.sleep(wait)
    return outcome
