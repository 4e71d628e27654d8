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

UP, DOWN = "Like", "Dislike"
"""Quantities of which one only grows and the other only falls: so a value says between which moments it was true."""


def client(given: dict):
    return clickhouse_connect.get_client(**given["clickhouse"], autogenerate_session_id=False)


def record(given: dict, cache: Cache) -> None:
    """Events of random images, as fast as they come, now and then one that comes twice."""
    chosen = random.Random(given["seed"])
    writer = Writer(client(given), given["database"], given["table"])
    with_ids = 0
    recorder = EventRecorder(writer, Path(given["spool"]), cache, interval=0.05)
    print("ready", flush=True)
    while True:
        image = chosen.randrange(given["images"])
        metric, value = chosen.choice([(UP, 1), (DOWN, -1)])
        event_id = f"{given['seed']}-{with_ids}" if chosen.random() < 0.2 else None
        for _ in range(2 if event_id else 1):
            recorder.record("Image", image, chosen.randrange(1, 100), metric, value, event_id)
        with_ids += 1
        time.sleep(chosen.choice([0, 0.001, 0.02, 0.1]))


def look(given: dict, cache: Cache) -> None:
    """Print what lookups say: begin, end, and the totals of some images."""
    chosen = random.Random(given["seed"])
    lookups = EntityMetrics(Reader([client(given)], given["database"]), cache)
    while True:
        ids = chosen.sample(range(given["images"]), chosen.randrange(1, given["images"]))
        began = time.time()
        found = lookups.get("Image", ids)
        said = [[image, totals.get(UP, 0), totals.get(DOWN, 0)] for image, totals in found.totals.items()]
        print(json.dumps([began, time.time(), said]), flush=True)
        time.sleep(chosen.choice([0, 0.01, 0.1]))


if __name__ == "__main__":
    role, text = sys.argv[1:]
    given = json.loads(text)
    {"record": record, "look": look}[role](given, Cache(given["cache"], lifetimes=Lifetimes(write=given["write"])))
