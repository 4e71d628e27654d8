"""Lookups and the cache: a million images with all quantities at 10,000,000 rows, and as many posts with three of theirs."""

import gc
import random
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from entity_metrics import PROJECT, embedded_valkey, registry
from entity_metrics.benchmarks.models import create_event_table, dbt, wait_for_merges
from entity_metrics.serving import EntityMetrics
from entity_metrics.serving.bulk import BulkFill
from entity_metrics.serving.keys import entity_key
from entity_metrics.serving.reader import Reader
from entity_metrics.serving.store import Cache
from entity_metrics.target import Target

SOURCE = None
TABLES = "events of images and posts"
QUANTITIES = [quantity.name for quantity in registry.quantities() if quantity.entity_type == "Image"]
POSTS = ["Like", "Heart", "commentCount"]
FOLDER = PROJECT / "target" / "benchmark" / "valkey"
IDS = 1000
REPEAT = 1000
THREADS = 200


class _CountingReader(Reader):
    """A reader that counts its queries."""

    queries = 0

    def entity_totals(self, *arguments: Any) -> Any:
        self.queries += 1
        return super().entity_totals(*arguments)


def build(rows: int) -> int:
    """Nothing in Postgres."""
    return rows


def record(target: Target, rows: int) -> dict[str, Any]:
    """Build the totals, fill the cache in bulk, then look up, fill misses, and let threads ask for the same."""
    images = max(rows // len(QUANTITIES), IDS)
    fill_events(target, images)
    dbt("run", "--select", "event_table", "totals", "lookups")
    wait_for_merges(target)
    client = target.client._client
    with empty_cache() as cache:
        reader = _CountingReader(client, target.database)
        seconds, made = bulk(client, target.database, cache)
        seconds |= dictionary(target, images) | lookups(reader, cache, images)
        made |= stampede(reader, cache, images)
    return {"seconds": seconds, "repeat": REPEAT, "made": made}


@contextmanager
def empty_cache() -> Iterator[Cache]:
    """An embedded Valkey, which is gone at the end of the block."""
    try:
        yield Cache(embedded_valkey.start(FOLDER), timeout=60)
    finally:
        embedded_valkey.stop(FOLDER)
        shutil.rmtree(FOLDER, ignore_errors=True)


def fill_events(target: Target, images: int) -> None:
    """An event of each quantity for each entity, over twelve months; merged, since a merge later would uncount the month."""
    table = create_event_table(target)
    for entity_type, quantities in {"Image": QUANTITIES, "Post": POSTS}.items():
        for quantity in quantities:
            target.command(
                f"insert into {table} select '{entity_type}', 1 + number, 7, '{quantity}', 1 + number % 1000,"
                f" toDateTime('2024-01-01 00:00:00') + cityHash64(number, '{quantity}') % (365 * 86400), 2 from numbers({images})"
            )
    target.command(f"optimize table {table} final")


def bulk(client: Any, database: str, cache: Cache) -> tuple[dict[str, float], dict[str, int]]:
    """Fill in bulk into an empty cache, images then posts; what the servers themselves needed for it; and memory."""
    taken, made = {}, {}
    for entity_type, name in (("Post", "posts"), ("Image", "images")):
        memory, began = cache.client.info("memory")["used_memory"], time.perf_counter()
        processor, own = server_seconds(cache), own_seconds()
        kept = BulkFill(client, database, cache).fill(entity_type).kept
        seconds = time.perf_counter() - began
        taken |= {
            f"filling in {name}": seconds,
            f"filling in {name}, processor of Valkey": server_seconds(cache) - processor,
            f"filling in {name}, processor of ClickHouse": own_seconds() - own,
        }
        memory = cache.client.info("memory")["used_memory"] - memory
        made |= {
            f"hashes of {name}": kept,
            f"hashes of {name} per second": round(kept / seconds),
            f"MiB for a million {name}": round(memory / 2**20 * 1_000_000 / max(kept, 1)),
        }
    return taken, made


def dictionary(target: Target, images: int) -> dict[str, float]:
    """All quantities of random images from the dictionary, as bytes. A thousand literals take longer to parse than one text."""
    names = "(" + ", ".join(f"'{name}'" for name in QUANTITIES) + ")"

    def get(ids: list[int]) -> None:
        target.client._client.raw_query(
            f"select arrayJoin(cast('[{','.join(map(str, ids))}]', 'Array(Int32)')) as id,"
            f" dictGet('{target.database}.entity_totals_dictionary', {names}, ('Image', id))",
            fmt="Native",
        )

    return percentiles("dictionary", get, images)


def lookups(reader: Reader, cache: Cache, images: int) -> dict[str, float]:
    """Cached images, and images that miss."""
    metrics = EntityMetrics(reader, cache)
    seconds = percentiles("cached get", lambda ids: metrics.get("Image", ids), images)

    def forget(ids: list[int]) -> None:
        cache.client.unlink(*(entity_key("Image", i) for i in ids))

    return seconds | percentiles("get that misses", lambda ids: metrics.get("Image", ids), images, REPEAT // 4, forget)


def stampede(reader: _CountingReader, cache: Cache, images: int) -> dict[str, int]:
    """Threads that ask for the same images, which are not cached, at the same moment."""
    cache.clear()
    metrics, reader.queries = EntityMetrics(reader, cache), 0
    ids = random.Random(1).sample(range(1, images + 1), IDS)
    gate = threading.Barrier(THREADS)
    right = []

    def ask() -> None:
        gate.wait()
        right.append(len(metrics.get("Image", ids).totals) == IDS)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"threads that asked at once": sum(right), "queries for them": reader.queries}


def percentiles(
    step: str,
    call: Callable[[list[int]], Any],
    entities: int,
    repeat: int = REPEAT,
    before: Callable[[list[int]], Any] = lambda ids: None,
) -> dict[str, float]:
    """Seconds of the call for random ids: the median, and what 99 of 100 stay below."""
    gc.collect()
    gc.freeze()  # what dbt made: an application has none of it, and going through it takes 0.1 s
    chosen, taken = random.Random(step), []
    for _ in range(repeat + 5):
        ids = chosen.sample(range(1, entities + 1), IDS)
        before(ids)
        began = time.perf_counter()
        call(ids)
        taken.append(time.perf_counter() - began)
    taken = sorted(taken[5:])
    return {f"{step}, median": taken[repeat // 2], f"{step}, p99": taken[min(repeat - 1, repeat * 99 // 100)]}


def server_seconds(cache: Cache) -> float:
    """Processor seconds of the cache's server."""
    used = cache.client.info("cpu")
    return used["used_cpu_user"] + used["used_cpu_sys"]


def own_seconds() -> float:
    """Processor seconds of this process, which holds the engine."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
