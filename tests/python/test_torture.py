"""A few kills of `make torture`, and what it prints where a run is not repaired."""

import os
import subprocess
import sys
from pathlib import Path

from entity_metrics import PROJECT

KILLS = 2


def test_kills_are_repaired_by_one_plain_run() -> None:
    """In a process of its own, since it forks: a process in which an engine has been open may not."""
    folders = os.pathsep.join([str(PROJECT / "scripts"), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, __file__], env=os.environ | {"PYTHONPATH": folders}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def main() -> None:
    from forked import in_child
    from harness import EVENTS
    from torture import tortured

    with tortured(seed=8) as torture:
        done = [torture.kill(number) for number in range(1, KILLS + 1)]
        assert not [kill.row() for kill in done if kill.faults]
        assert [kill for kill in done if kill.where != "ran to its end"]

        def spoil() -> list[str]:
            project = torture.embedded
            project.rows(f"insert into {EVENTS} select * from {EVENTS} where metricType in ('favoriteCount', 'tipsGivenCount')")
            return torture.faults(project)

        assert [fault.split(":")[0] for fault in in_child(spoil)] == ["Bounty", "tips", "everybody else's events"]


if __name__ == "__main__":
    main()
