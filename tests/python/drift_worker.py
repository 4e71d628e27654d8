"""A process of the test of drift: `drift_worker.py <role> <JSON>` records events, or looks totals up, until it is killed."""

import json
import random
import sys
import time
from pathlib import Path

import clickhouse_connect

from entity_metrics.serving import EntityMetrics, EventRecorder
from entity_metrics.serving.reader import Reader
from entity_metrics.serving.store import Cache, Lifetimes
from entity_metrics.serving.writer import Writer

QUANTITIES = {"Image": ("Like", "Dislike"), "User": ("followerCount", "hiddenCount")}
"""Of which one only grows and the other only falls: so a value says between which moments it was true."""


def client(given: dict):
    return clickhouse_connect.get_client(**given["clickhouse"], autogenerate_session_id=False)


def record(given: dict, cache: Cache) -> None:
    """Events of random entities, as fast as they come, now and then one that comes twice."""
    chosen = random.Random(given["seed"])
    writer = Writer(client(given), given["database"], given["table"])
    with_ids = 0
    recorder = EventRecorder(writer, Path(given["spool"]), cache, interval=0.05)
    print("ready", flush=True)
    while True:
        entity_type = chosen.choice([*QUANTITIES])
        entity_id = chosen.randrange(given["entities"])
        metric, value = chosen.choice([*zip(QUANTITIES[entity_type], (1, -1), strict=True)])
        event_id = f"{given['seed']}-{with_ids}" if chosen.random() < 0.2 else None
        for _ in range(2 if event_id else 1):
            recorder.record(entity_type, entity_id, chosen.randrange(1, 100), metric, value, event_id)
        with_ids += 1
        time.sleep(chosen.choice([0, 0.001, 0.02, 0.1]))


def look(given: dict, cache: Cache) -> None:
    """Print what lookups say: begin, end, and the totals of some entities. Of users it is what a user shows."""
    chosen = random.Random(given["seed"])
    lookups = EntityMetrics(Reader([client(given)], given["database"]), cache)
    while True:
        entity_type = chosen.choice([*QUANTITIES])
        ids = chosen.sample(range(given["entities"]), chosen.randrange(1, given["entities"]))
        began = time.time()
        found = lookups.get_user_metrics(ids) if entity_type == "User" else lookups.get(entity_type, ids)
        up, down = QUANTITIES[entity_type]
        said = [[f"{entity_type} {i}", totals.get(up, 0), totals.get(down, 0)] for i, totals in found.totals.items()]
        print(json.dumps([began, time.time(), said]), flush=True)
        time.sleep(chosen.choice([0, 0.01, 0.1]))


if __name__ == "__main__":
    role, text = sys.argv[1:]
    given = json.loads(text)
    {"record": record, "look": look}[role](given, Cache(given["cache"], lifetimes=Lifetimes(write=given["write"])))
