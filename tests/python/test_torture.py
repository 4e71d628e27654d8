"""A few kills of `make torture`, and what it prints where a run is not repaired."""

from forked import in_child
from harness import EVENTS
from torture import tortured

KILLS = 3


def test_kills_are_repaired_by_one_plain_run() -> None:
    with tortured(seed=8) as torture:
        done = [torture.kill(number) for number in range(1, KILLS + 1)]
        assert not [kill.row() for kill in done if kill.faults]
        assert [kill for kill in done if kill.where != "ran to its end"]

        def spoil() -> list[str]:
            project = torture.embedded
            project.rows(f"insert into {EVENTS} select * from {EVENTS} where metricType in ('favoriteCount', 'tipsGivenCount')")
            return torture.faults(project)

        assert [fault.split(":")[0] for fault in in_child(spoil)] == ["Bounty", "tips", "everybody else's events"]
