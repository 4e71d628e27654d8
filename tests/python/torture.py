"""Kills of pull, build and publish at random moments; after each, one plain run must bring everything in order.

`make torture KILLS=100 SEED=7` (or `python tests/python/torture.py --kills 100 --seed 7 --record docs/torture.md`). The same seed
gives the same changes, kinds and moments; where exactly a kill hits is up to the machine.
"""

import contextlib
import functools
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from dbt.cli.main import dbtRunner

from clickhouse_server import ClickHouse, ServerProject
from conftest import PASSWORD, sample_server
from forked import Child, in_child
from harness import EVENTS, LOGGED, Project
from warm import Command, end, forget_own_modules

LEASE_SECONDS = 2
VARS = f"{{range_size: 100, lease_seconds: {LEASE_SECONDS}}}"
WITHOUT = ("brand_visibility", "event_table", "totals", "lookups", "legacy_tables", "audit", "user_totals")
SELECTED = ("+bounty_metrics", "+buzz_tip")
BUILD = ["build", "--select", *SELECTED, "--exclude", "metrics", "--exclude-resource-type", "unit_test", "--vars", VARS]
"""What is killed."""
RUN = ["run", "--select", *SELECTED, "--vars", VARS]
"""The plain run."""

KINDS = {"at a time": 9, "at a line": 9, "Postgres stops": 2, "two at once": 3, "two at once, one killed": 3}
"""What is done to a run, and how often."""

LINES = (
    r"range \d+ of",
    r"create table if not exists .*pull_ledger",
    r"create table .*__pull",
    r"insert into .*__pull",
    r"insert into .*pull_ledger",
    r"exchange tables .*__pull",
    r"drop table .*__pull",
    r"create table .*_events__dbt",
    r"insert into .*_events",
    r"exchange tables .*__dbt_backup",
    r"drop table .*__dbt_backup",
    r"create table if not exists .*lease__",
    r"modify comment",
    r"drop table .*lease__",
    r"delete from",
    r"attach partition",
    r"insert into .*__slice",
    r"drop table .*__slice",
    r"insert into .*publish_log",
    r"create or replace view",
    r"insert into .*run_results",
)
"""What dbt logs before a statement is sent; a run is killed when it has logged one of them."""

CHANGES = """
    update "BountyMetric" set "trackCount" = "trackCount" + 1 + "bountyId" % 3 where "bountyId" % 7 = {a};
    update "BountyMetric" set "commentCount" = 0 where "bountyId" % 13 = {b} and timeframe = 'AllTime';
    delete from "BuzzTip" where ctid in (
        select ctid from "BuzzTip" where "entityType" = 'User' order by md5("entityId" || '{b}'), "fromUserId" limit 3
    );
    insert into "BuzzTip"
    select 'User', 900000 + {n}, 1 + i % 50, 7 + i, 5 + i, timestamp '2023-01-01' + make_interval(days => 29 * ({a} + i)), now()
    from generate_series(1, 6) as i
    on conflict do nothing;
"""

TIPS = """
    select metric, count(*), sum(entity)::bigint, sum(user_id)::bigint, sum(value)::bigint,
        sum(floor(extract(epoch from "createdAt" at time zone 'UTC')))::bigint
    from "BuzzTip" cross join lateral (values
        ('tippedCount', "toUserId", "fromUserId", 1), ('tippedAmount', "toUserId", "fromUserId", amount),
        ('tipsGivenCount', "fromUserId", "fromUserId", 1), ('tipsGivenAmount', "fromUserId", "fromUserId", amount)
    ) as event (metric, entity, user_id, value)
    where "createdAt" < '2024-08-07 15:44:39.044' and value <> 0
    group by metric order by metric
"""
TIP_EVENTS = f"""
    select toString(metricType) as metric, count(), sum(entityId), sum(userId), sum(metricValue), sum(toUnixTimestamp(createdAt))
    from {EVENTS} where version = 1 and entityType = 'User' group by metric order by metric
"""
OTHERS = f"""
    select * from {EVENTS} where version not in (1, 3) or (version = 3 and (userId != -1 or metricType = 'liveOnly')) order by all
"""
LEFT_BEHIND = r"""
    select name from system.tables
    where database = 'entity_metrics' and match(name, '(__pull|__slice|__dbt_backup|__dbt_tmp)$|^lease__') order by name
"""


@dataclass
class Kill:
    """What was done to a run, and what came of it. where: the last that the run had logged; faults: none if all is well."""

    number: int
    kind: str
    moment: str
    where: str = ""
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def row(self) -> str:
        return f"| {self.number} | {self.kind} | {self.moment} | {self.where} | {'; '.join(self.faults) or 'as the source'} |"


@dataclass
class Forks:
    """Runs commands as Warm does, in forks of this process: it opens no engine, and has dbt imported."""

    kept: Path

    def run(self, command: Command) -> int:
        pid = os.fork()
        if pid == 0:
            forget_own_modules()
            end(command)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Torture:
    """A small site, and a chDB folder and a server that have its events by a plain run."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.site = sample_server(folder / "postgres" / "data", entities=100)
        self.warm = Forks(folder / "kept")
        self.others: dict[Project, list[tuple[object, ...]]] = {}
        self.seconds: dict[Project, float] = {}
        self.embedded = Project(folder / "embedded", self.site, "sample", PASSWORD, self.warm, WITHOUT)
        self.embedded.connect()
        in_child(lambda: (self.embedded.create_event_table(), self.embedded.add_live_events(), self.embedded.release()))
        self.begin(self.embedded)

    @functools.cached_property
    def served(self) -> ServerProject:
        """The same on a server, which begins with what the folder has when it is first needed."""
        shutil.copytree(self.embedded.chdb, self.folder / "clickhouse", symlinks=True)
        clickhouse = ClickHouse(self.folder / "clickhouse")
        made = ServerProject(self.folder / "served", self.site, "sample", PASSWORD, self.warm, WITHOUT, clickhouse=clickhouse)
        self.begin(made)
        return made

    def begin(self, project: Project) -> None:
        """The first run; what it takes, and what others have in the event table."""
        project.environment |= LOGGED
        project.manifest(VARS)
        started = time.monotonic()
        child = self.start(project, BUILD)
        assert child.wait() == 0, child.output()
        self.seconds[project] = time.monotonic() - started
        self.others[project] = in_child(lambda: project.rows(OTHERS))

    def close(self) -> None:
        if "served" in vars(self):
            self.served.clickhouse.stop()
        self.site.stop()

    def start(self, project: Project, command: list[str], line: str = "", count: int = 0) -> Child:
        """Start a run in a process of its own. It kills itself when it has logged the pattern `line` so many times."""

        def run(say: Callable[[str], None]) -> int:
            seen = 0

            def heard(event: object) -> None:
                nonlocal seen
                message = " ".join(str(event.info.msg).split())
                say(message)
                if line and re.search(line, message, re.IGNORECASE):
                    seen += 1
                    if seen == count:
                        os.kill(os.getpid(), signal.SIGKILL)

            with project.inside():
                return 0 if dbtRunner(project.manifest(VARS), [heard]).invoke([*command, "--quiet"]).success else 1

        return Child(run, self.folder / f"{time.monotonic_ns()}.log")

    def kill(self, number: int) -> Kill:
        """Change the source, do something to a run, make one plain run, and compare."""
        started = time.monotonic()
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        on_server = kind.startswith("two") or self.random.random() < 0.3
        project = self.served if on_server else self.embedded
        self.embedded.postgres(CHANGES.format(a=self.random.randrange(7), b=self.random.randrange(13), n=number))
        moment = self.random.uniform(0.1, 1) * self.seconds[project]
        done = Kill(number, kind, f"{moment:.2f} s")
        if kind == "at a line":
            line, count = self.random.choice(LINES), self.random.choice([1, 1, 1, 1, 2])
            done.moment = f"`{line}`, no. {count}"
            child = self.start(project, BUILD, line, count)
        else:
            child = self.start(project, BUILD)
        other = self.start(project, BUILD) if kind.startswith("two") else None
        if kind in ("at a time", "two at once, one killed"):
            child.kill_after(moment)
        elif kind == "Postgres stops":
            time.sleep(moment)
            self.site.stop()
            time.sleep(0.5)
            self.site.start()
        code = child.wait()
        done.kind += f" ({'server' if on_server else 'chDB'})"
        done.where = (
            f"killed after {child.last()}" if code < 0 else "ran to its end" if code == 0 else f"failed: {child.errors()}"
        )
        if other:
            other.wait()
        if on_server and code < 0:
            self.wait_for_leases()
        done.faults = self.compare(project)
        done.seconds = time.monotonic() - started
        return done

    def wait_for_leases(self) -> None:
        """Until statements of a killed client end and its leases expire: what the message of a lease tells people to do.

        What the client had sent may still wait for the server, and renew a lease: so they are looked at twice.
        """
        held = (
            "select (select count() from system.processes where query not like '%system.processes%')"
            " + (select count() from system.tables where startsWith(name, 'lease__') and engine = 'Null'"
            f" and toDateTime(JSONExtractString(comment, 'renewed'), 'UTC') + {LEASE_SECONDS} >= now('UTC'))"
        )
        free = 0
        for _ in range(600):
            free = free + 1 if not self.served.value(held) else 0
            if free == 2:
                break
            time.sleep(0.5)

    def compare(self, project: Project) -> list[str]:
        """One plain run, and what is not as it should be then."""
        plain = self.start(project, RUN)
        if plain.wait():
            return [f"the plain run failed: {plain.errors()}"]
        return in_child(lambda: self.faults(project))

    def faults(self, project: Project) -> list[str]:
        """What is not as the source has it, or as it was where others wrote it; and tables that nobody needs any more."""
        checks = {
            "Bounty": (project.bounty_slice(), project.bounty_source()),
            "tips": (project.rows(TIP_EVENTS), project.postgres(TIPS)),
            "everybody else's events": (project.rows(OTHERS), self.others[project]),
        }
        faults = [f"{name}: {len(there)} rows, {len(due)} were due" for name, (there, due) in checks.items() if there != due]
        return faults + [f"left behind: {name}" for (name,) in project.rows(LEFT_BEHIND)]


@contextlib.contextmanager
def tortured(seed: int) -> Iterator[Torture]:
    """In a folder of its own, which goes in the end."""
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    folder.chmod(0o755)  # the wheel's PostgreSQL runs as another user where this is root
    torture = Torture(folder, seed)
    try:
        yield torture
    finally:
        torture.close()
        shutil.rmtree(folder, ignore_errors=True)


@click.command()
@click.option("--kills", default=20, show_default=True, type=click.IntRange(1))
@click.option("--seed", type=int, help="Gives the same kinds and moments again.  [default: a new one, printed]")
def main(kills: int, seed: int | None) -> None:
    """Kill runs, print a row for each, and exit with 1 if anything was not as the source has it after one plain run."""
    seed = random.randrange(1_000_000) if seed is None else seed
    print(
        f"seed {seed}, {kills} kills\n\n| no. | what | moment | where | after one plain run |\n|---|---|---|---|---|", flush=True
    )
    with tortured(seed) as torture:
        done = []
        for number in range(1, kills + 1):
            done.append(torture.kill(number))
            print(done[-1].row(), flush=True)
    failed = [kill for kill in done if kill.faults]
    mean = sum(kill.seconds for kill in done) / len(done)
    print(f"\n{kills} kills, {len(failed)} of them not repaired by one plain run; {mean:.1f} s a kill.")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
