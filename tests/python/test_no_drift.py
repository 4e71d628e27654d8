"""No drift: recorders, lookups, publishings, refreshes and kills at once, on a real server and a real Valkey.

Whatever comes between: a value that was served is the sum of the events at some moment of the last few seconds, and when all is
quiet each cached hash is the sum of its events.
"""

import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from clickhouse_server import SECRET, ClickHouse
from drift_worker import QUANTITIES
from entity_metrics import PROJECT
from entity_metrics.serving.keys import entity_key, keys_of, user_key
from entity_metrics.serving.reader import USER_METRICS
from harness import EVENTS, Project
from serving import DATABASE, TABLE, Valkey, metrics, recorder, summed

JOB = "source_events"
SEED = 20
ENTITIES = 12
UPS, DOWNS = zip(*QUANTITIES.values(), strict=True)
SECONDS = 10
LONGEST = 240
"""Seconds that a busy machine may take until so much was served and killed as the test demands."""

VALUES, KILLS = 300, 4
WRITE = 2
LATE = 10.0
"""How old a value may be: a write that is believed, a publishing until its hashes are told, and a busy machine."""


class Site:
    """Everything that goes on at once."""

    def __init__(self, project: Project, valkey: Valkey, folder: Path) -> None:
        self.project, self.valkey, self.folder = project, valkey, folder
        self.random = random.Random(SEED)
        self.samples: list[tuple[float, float, dict[str, tuple[int, int]]]] = []
        self.failures: list[str] = []
        self.over = threading.Event()
        self.seeds = iter(range(1000))
        self.kills = 0

    def worker(self, role: str) -> subprocess.Popen:
        given = {
            "seed": SEED * 1000 + next(self.seeds),
            "clickhouse": {"host": "127.0.0.1", "port": ClickHouse.port, "username": "default", "password": SECRET},
            "cache": self.valkey.url,
            "spool": str(self.folder / "spool"),
            "database": DATABASE,
            "table": TABLE,
            "entities": ENTITIES,
            "write": WRITE,
        }
        words = [sys.executable, str(Path(__file__).with_name("drift_worker.py")), role, json.dumps(given)]
        output = (self.folder / f"{role}{given['seed']}").open("wb") if role == "look" else subprocess.PIPE
        return subprocess.Popen(words, stdout=output, env=self.project.environment | {"PYTHONPATH": str(PROJECT / "scripts")})

    def recorder(self) -> subprocess.Popen:
        """A process that has begun to record."""
        process = self.worker("record")
        assert process.stdout and process.stdout.readline() == b"ready\n"
        return process

    def guarded(self, work) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except Exception as ex:
                self.failures.append(f"{work.__name__}: {ex!r}")
                raise

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def sample(self) -> None:
        """What the events sum to, again and again, and between which moments."""
        client = self.project.client()
        sql = (
            f"select concat(entityType, ' ', toString(entityId)), toInt64(sumIf(metricValue, metricType in {UPS})),"
            f" toInt64(sumIf(metricValue, metricType in {DOWNS})) from {EVENTS} group by entityType, entityId"
        )
        last = False
        while True:
            began = time.time()
            rows = client.query(sql).result_rows
            self.samples.append((began, time.time(), {entity: (up, down) for entity, up, down in rows}))
            if last:
                return
            last = self.over.wait(0.1)

    def record(self) -> None:
        """Two recorders, one of which is killed now and then; its successor writes what it left."""
        processes = [self.recorder(), self.recorder()]
        try:
            while not self.over.wait(self.random.uniform(0.1, 2)):
                processes[-1].kill()
                processes[-1].communicate()
                self.kills += 1
                processes[-1:] = [self.recorder()]
        finally:
            for process in processes:
                process.kill()
                process.communicate()

    def publish(self) -> None:
        """Events that no recorder wrote, some back-dated; then their hashes are told."""
        client, cache = self.project.client(), self.valkey.cache(write=WRITE)
        chosen = random.Random(SEED)
        while not self.over.wait(chosen.uniform(0.1, 0.6)):
            entities = [(chosen.choice([*QUANTITIES]), i) for i in chosen.sample(range(ENTITIES), 3)]
            rows = [
                f"('{kind}', {i}, 7, '{QUANTITIES[kind][0]}', 1, now() - {chosen.choice([0, 9_000_000])}, 1)"
                for kind, i in entities
            ]
            client.command(f"insert into {EVENTS} values {', '.join(rows)}")
            cache.invalidate([key for entity in entities for key in keys_of(*entity)])

    def refresh(self) -> None:
        while not self.over.wait(1):
            self.project.dbt_here("run", "--select", "totals")

    def compare(self) -> int:
        """All that was served. Returns how many values were compared."""
        compared = 0
        for looker in sorted(self.folder.glob("look*")):
            for line in looker.read_text().splitlines():
                if not line.endswith("]"):
                    continue  # it was killed in the midst of it
                began, ended, said = json.loads(line)
                before = [sums for _, end, sums in self.samples if end <= began - LATE]
                after = [sums for begin, _, sums in self.samples if begin >= ended]
                if not after:
                    continue
                for entity, up, down in said:
                    low = before[-1].get(entity, (0, 0)) if before else (0, 0)
                    high = after[0].get(entity, (0, 0))
                    assert low[0] <= up <= high[0] and low[1] >= down >= high[1], (
                        f"{entity}: {(up, down)} was served between {began} and {ended}; it was {low}, then {high}"
                    )
                    compared += 1
        return compared


def test_no_drift(served: Project, valkey: Valkey, tmp_path: Path) -> None:
    served.connect()
    served.create_event_table()
    served.rows(f"insert into {EVENTS} select 'Image', number, 7, 'Like', 1, now() - 9000000, 1 from numbers({ENTITIES})")
    columns = "".join(f", {name} {'Nullable(Int64)' if name == 'rank' else 'Int64'}" for name in USER_METRICS)
    served.rows(
        f"create table {DATABASE}.user_totals (user_id Int32{columns}, refreshed_at DateTime64(6, 'UTC'))"
        " engine = MergeTree order by user_id"
    )
    served.rows(f"insert into {DATABASE}.user_totals (user_id, uploadCount) select number, 3 from numbers({ENTITIES} - 2)")
    served.dbt_here("run", "--select", "event_table", "totals", "lookups")
    site = Site(served, valkey, tmp_path)
    lookers = [site.worker("look"), site.worker("look")]
    threads = [site.guarded(work) for work in (site.sample, site.record, site.publish, site.refresh)]
    began = time.monotonic()
    try:
        while not site.failures and (time.monotonic() - began < SECONDS or site.compare() <= VALUES or site.kills < KILLS):
            assert time.monotonic() - began < LONGEST, "so little was served that it says nothing"
            time.sleep(1)
    finally:
        lookers[0].kill()
        site.over.set()
        for thread in threads:
            thread.join()
        lookers[1].kill()
        for looker in lookers:
            looker.wait()
    assert site.failures == []
    assert site.compare() > VALUES

    # Quiet: what killed recorders left is written, and every hash is the sum of its events.
    lookups = metrics(served, valkey.cache(write=WRITE))
    with recorder(served, tmp_path / "spool", valkey.cache(write=WRITE)) as to:
        assert to.flush()
    time.sleep(WRITE + 0.5)
    due = summed(served, "Image")
    found = lookups.get("Image", range(ENTITIES)).totals
    assert found == due
    assert lookups.get_user_metrics(range(ENTITIES)).totals == {
        i: totals | ({"uploadCount": 3} if i < ENTITIES - 2 else {}) for i, totals in summed(served, "User").items()
    }
    for key_of, totals in ((lambda i: entity_key("Image", i), due), (user_key, summed(served, "User"))):
        hashes = {i: lookups.cache.client.hgetall(key_of(i)) for i in range(ENTITIES)}
        cached = {i: {name: int(value) for name, value in hash.items()} for i, hash in hashes.items() if hash}
        assert cached and all(
            {name: value for name, value in fields.items() if name in totals[i]} == totals[i] for i, fields in cached.items()
        )
    recorded = served.value(f"select count() from {EVENTS} where version = 2")
    assert recorded > 50
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(("served", "is_right"), [((3, -2), True), ((4, -2), False), ((2, -2), False), ((3, -1), False)])
def test_a_wrong_value_is_seen(tmp_path: Path, served: tuple[int, int], is_right: bool) -> None:
    """More than there was when it was served, or less than long before."""
    site = Site(None, None, tmp_path)
    site.samples = [(10, 11, {"Image 5": (3, -2)}), (30, 31, {"Image 5": (3, -2)})]
    (tmp_path / "look1").write_text(json.dumps([25, 26, [["Image 5", *served]]]) + "\n[25, 26, [[5")
    with contextlib.nullcontext() if is_right else pytest.raises(AssertionError, match="Image 5: "):
        assert site.compare() == 1
