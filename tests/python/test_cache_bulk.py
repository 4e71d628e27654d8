"""Filling the cache in bulk: what it stores, and that nothing that comes between leaves a wrong hash."""

import itertools
import random
import re
import threading
import time
from pathlib import Path

import pytest

from entity_metrics.serving import bulk
from entity_metrics.serving.bulk import BulkFill, _Range
from entity_metrics.serving.keys import BUCKET, buckets_with, entity_key, outcome_key
from entity_metrics.serving.refresh import tell_cache
from entity_metrics.serving.store import LIBRARY, Cache, new_mark
from harness import EVENTS, Project
from serving import DATABASE, Valkey, client, counters, metrics, recorder, summed

JOB = "source_events"


@pytest.fixture(scope="module")
def site(served_site: Project) -> Project:
    """3,000 images and 50 models have events, and the totals of most were counted."""
    rows = f"insert into {EVENTS} (entityType, entityId, userId, metricType, metricValue, createdAt) select"
    served_site.rows(
        f"{rows} 'Image', toInt32(number % 3000) - 100, number, ['Like', 'ReactionHeart', 'commentCount'][number % 3 + 1], 1,"
        " toDateTime('2023-01-01 00:00:00') + number * 1000 from numbers(18000)"
    )
    served_site.rows(f"{rows} 'Model', number % 50, 7, 'commentCount', 2, now() from numbers(100)")
    served_site.dbt_here("run", "--select", "totals")
    served_site.rows(f"{rows} 'Image', number, 7, 'Like', 1, now() from numbers(500)")
    return served_site


def filler(project: Project, cache: Cache) -> BulkFill:
    return BulkFill(client(project), DATABASE, cache)


def cached(cache: Cache, entity_type: str, ids) -> dict[int, dict[str, int]]:
    hashes = {i: cache.client.hgetall(entity_key(entity_type, i)) for i in ids}
    return {i: {name: int(value) for name, value in fields.items()} for i, fields in hashes.items() if fields}


def test_all_hashes_are_stored(site: Project, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """In several ranges; negative ids, too; a field that is gone goes, and so does an absence; every key has an expiry."""
    monkeypatch.setattr(bulk, "RANGE", 900)
    cache = valkey.cache()
    cache.client.hset(entity_key("Image", 3), "collectedCount", 8)
    absent, state = ("{" + entity_key("Image", 4) + "}:" + what for what in ("absent", "state"))
    cache.client.set(absent, 1)
    cache.client.hset(state, "gen", "of whom found nothing")
    cache.client.expire(state, 60)
    due = summed(site, "Image")
    filled = filler(site, cache).fill("Image")
    assert (filled.kept, filled.left) == (len(due), 0)
    assert cached(cache, "Image", range(-200, 3000)) == due
    assert filler(site, cache).fill("Model").kept == 50
    assert cached(cache, "Model", range(60)) == summed(site, "Model")
    assert {key for key in cache.client.scan_iter("*") if cache.client.pttl(key) < 0} == set()
    assert not cache.client.exists(absent)
    lookups = metrics(site, cache)
    assert lookups.get("Image", range(2000)).totals == {i: due[i] for i in range(2000)}
    assert lookups._reader.queries == []
    assert filler(site, cache).fill("Image").kept == len(due), "once more is the same"
    assert cached(cache, "Image", range(-200, 3000)) == due
    assert filler(site, cache).fill("Post").kept == 0


def test_a_refresh_under_way(site: Project, valkey: Valkey) -> None:
    """One that was killed when it had counted entities, and not kept that; and one of all entities."""
    days, touched = f"{DATABASE}.counted_days", f"{DATABASE}.touched_entities"
    site.rows(f"create or replace table {days}__before clone as {days}")
    site.rows(f"insert into {EVENTS} select 'Image', arrayJoin([1, 2, 90000]), 7, 'Like', 3, now() - 20000000, 2")
    site.dbt_here("run", "--select", "totals")
    site.rows(f"create or replace table {days} clone as {days}__before")
    state = f"select is_refreshing, is_refreshing_all from {DATABASE}.totals_state"
    for comment, is_all in (("", 0), ("all", 1)):
        site.rows(f"alter table {touched} modify comment '{comment}'")
        assert site.rows(state) == [(1, is_all)]
        cache, due = valkey.cache(), summed(site, "Image")
        cache.clear()
        assert filler(site, cache).fill("Image").kept == len(due)
        assert cached(cache, "Image", [*range(-200, 3000), 90000]) == due
    site.dbt_here("run", "--select", "totals")


def test_only_what_was_counted_since(site: Project, valkey: Valkey) -> None:
    cache = valkey.cache()
    newest = site.value(f"select toString(max(counted_at)) from {DATABASE}.counted_entities")
    assert filler(site, cache).fill("Image", newest).kept == 0
    counted = site.value(f"select uniqExact(entity_id) from {DATABASE}.counted_entities where entity_type = 'Image'")
    assert filler(site, cache).fill("Image", "2020-01-01 00:00:00").kept == counted >= 3000
    assert list(cache.client.scan_iter("entity:metrics:Model:*")) == []


WRITE, FILL = ("begin", "insert", "renew", "rename", "end"), ("name", "read", "send")
BELIEVED = (1.5, 3.0, 8.0, 30.0)
"""Seconds for which a write is believed: the first that is longer than all steps take."""


class Steps:
    """Writes and bulk fills of posts, each in a bucket of its own, step by step, side by side."""

    def __init__(self, project: Project, cache: Cache) -> None:
        self.project, self.cache, self.fill = project, cache, filler(project, cache)
        self.name_of_fill, self.commands = new_mark(), {}

    def run(self, step: str, ids: list[int]) -> None:
        if ids:
            getattr(self, step)(ids, [entity_key("Post", i) for i in ids])

    def begin(self, _ids: list[int], hashes: list[str]) -> None:
        self.cache.call("begin_write", hashes, ["w", self.believed, self.cache.mark_ms])

    def renew(self, _ids: list[int], hashes: list[str]) -> None:
        self.cache.call("renew_write", hashes, ["w", self.believed])

    def insert(self, ids: list[int], _hashes: list[str]) -> None:
        self.project.rows(f"insert into {EVENTS} select 'Post', arrayJoin({ids}), 7, 'commentCount', 1, now(), 2")

    def rename(self, _ids: list[int], hashes: list[str]) -> None:
        self.cache._tell_bulk_fills(buckets_with(hashes))

    def end(self, _ids: list[int], hashes: list[str]) -> None:
        increments = [[2, "commentCount", 1]] * len(hashes)
        self.cache.call("end_write", hashes, ["w", "x", self.cache.mark_ms], increments)

    def name(self, ids: list[int], _hashes: list[str]) -> None:
        self.fill._name("Post", self._range(ids))

    def read(self, ids: list[int], _hashes: list[str]) -> None:
        for bucket in self.fill._read("Post", self._range(ids), None).split(bulk.EXEC)[:-1]:
            self.commands[int(re.search(rb"writes:(-?\d+)", bucket)[1])] = bucket + bulk.EXEC

    def send(self, ids: list[int], _hashes: list[str]) -> None:
        part = self._range(ids)
        self.cache.client.delete(outcome_key(part.fill))
        self.fill._send("Post", part, b"".join(self.commands[bucket] for bucket in part.buckets), bulk.Filled())

    @property
    def believed(self) -> int:
        return int(self.cache.lifetimes.write * 1000)

    def _range(self, ids: list[int]) -> _Range:
        return _Range(min(ids), max(ids), [i // BUCKET for i in ids], self.name_of_fill)


def interleavings(write: tuple[str, ...]) -> list[list[str]]:
    """All orders in which the steps of a write and of a fill can come."""
    orders = []
    for places in itertools.combinations(range(len(write) + len(FILL)), len(FILL)):
        steps = {place: FILL[i] for i, place in enumerate(places)}
        rest = iter(write)
        orders.append([steps.get(place) or next(rest) for place in range(len(write) + len(FILL))])
    return orders


def drifted(project: Project, valkey: Valkey, first: int) -> list[str]:
    """Goes through all interleavings, of writers that are killed somewhere, too. Returns those that left a wrong hash."""
    for believed in BELIEVED:
        began = time.monotonic()
        found = drifted_if_believed(project, valkey, first + int(believed) * 1_000_000, believed)
        if time.monotonic() - began < 2 * believed:
            return found
    raise AssertionError("too slow to say anything")


def drifted_if_believed(project: Project, valkey: Valkey, first: int, believed: float) -> list[str]:
    cache = valkey.cache(write=believed)
    cases = [(order, was_cached) for order in interleavings(WRITE) for was_cached in (False, True)]
    for killed_after in range(1, 4):
        cases += [(order, killed_after % 2 == 0) for order in interleavings(WRITE[:killed_after])]
    ids = [first + BUCKET * i for i in range(len(cases))]
    project.rows(f"insert into {EVENTS} select 'Post', arrayJoin({ids}), 7, 'commentCount', 5, now() - 86400, 2")
    for entity_id, (_, was_cached) in zip(ids, cases, strict=True):
        if was_cached:
            cache.client.hset(entity_key("Post", entity_id), "commentCount", 5)
            cache.client.pexpire(entity_key("Post", entity_id), 3_600_000)
    steps = Steps(project, cache)
    for place in range(len(WRITE) + len(FILL)):
        for step in WRITE + FILL:
            steps.run(step, [i for i, (order, _) in zip(ids, cases, strict=True) if order[place : place + 1] == [step]])
    time.sleep(believed + 0.1)
    found = cached(cache, "Post", ids)
    return [
        f"{order} {was_cached}: {found[i]}"
        for i, (order, was_cached) in zip(ids, cases, strict=True)
        if i in found and found[i] != {"commentCount": 5 + ("insert" in order)}
    ]


def test_whatever_comes_between(site: Project, valkey: Valkey) -> None:
    """Also seen red: without one of the two looks of end_bulk, and with a renewal that begins the write again."""
    assert drifted(site, valkey, 1_000_000) == []


@pytest.mark.parametrize(
    "look",
    ["redis.call('get', keys[1]) ~= args[1]", "redis.call('exists', unpack(args, 3)) > 0"],
)
def test_each_look_of_end_bulk_is_needed(site: Project, valkey: Valkey, monkeypatch: pytest.MonkeyPatch, look: str) -> None:
    def load(self: Cache) -> None:
        source = "\n".join(part.read_text() for part in LIBRARY)
        assert look in source
        self.client.function_load(source.replace(look, "false"), replace=True)

    monkeypatch.setattr(Cache, "load", load)
    assert drifted(site, valkey, 100_000_000) != []


def test_a_write_that_is_not_believed_is_not_renewed(site: Project, valkey: Valkey) -> None:
    """Or a fill that came since would have its event, and the write would add it once more."""
    cache = valkey.cache(write=0.2)
    steps = Steps(site, cache)
    steps.run("begin", [900_000])
    time.sleep(0.3)
    steps.run("insert", [900_000])
    assert metrics(site, cache).get("Post", [900_000])[900_000] == {"commentCount": 1}
    steps.run("renew", [900_000])
    steps.run("end", [900_000])
    assert cached(cache, "Post", [900_000]) in ({}, {900_000: {"commentCount": 1}})


def test_recorders_and_fills_at_once(site: Project, valkey: Valkey, tmp_path: Path) -> None:
    """Threads that record, one that fills in bulk again and again, one that looks up: when all is quiet, the cache is right."""
    cache, over, failures = valkey.cache(write=2), threading.Event(), []

    def record(seed: int) -> None:
        chosen = random.Random(seed)
        with recorder(site, tmp_path / str(seed), valkey.cache(write=2), interval=0.02) as to:
            while not over.is_set():
                to.record("Collection", 16 * chosen.randrange(1, 2500), 7, "contributorCount" if seed else "followerCount")
                time.sleep(chosen.choice([0, 0.05, 0.2]))
            assert to.flush()

    def look() -> None:
        lookups, chosen = metrics(site, valkey.cache(write=2)), random.Random(9)
        while not over.is_set():
            lookups.get("Collection", [16 * i for i in chosen.sample(range(1, 2500), 50)])

    def guarded(work, *arguments) -> None:
        try:
            work(*arguments)
        except Exception as ex:
            failures.append(repr(ex))

    threads = [threading.Thread(target=guarded, args=arguments) for arguments in ((record, 0), (record, 1), (look,))]
    site.rows(f"insert into {EVENTS} select 'Collection', number * 16, 7, 'itemCount', 1, now() - 86400, 2 from numbers(1, 2499)")
    site.dbt_here("run", "--select", "totals")
    for thread in threads:
        thread.start()
    fill, kept = filler(site, cache), 0
    ends = time.monotonic() + 4
    while time.monotonic() < ends or kept < 2500:
        kept += fill.fill("Collection").kept
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    due, found = summed(site, "Collection"), cached(cache, "Collection", range(16, 40_000, 16))
    assert len(found) > 100
    assert found == {i: due[i] for i in found}


def test_a_full_cache_is_said(site: Project, valkey: Valkey) -> None:
    cache = valkey.cache()
    cache.load()
    cache.client.config_set("maxmemory", cache.client.info("memory")["used_memory"] + 10_000)
    with pytest.raises(Exception, match=r"memory may be full|command not allowed when used memory"):
        filler(site, cache).fill("Image")


def test_what_was_counted_is_told(site: Project, valkey: Valkey) -> None:
    """Publishing is in the cache after a refresh of the totals and of the cache: only for what it touched."""
    cache, over = valkey.cache(), client(site)
    assert tell_cache(over, DATABASE, cache) == (0, None)
    filler(site, cache).fill("Image")
    site.rows(f"insert into {EVENTS} select 'Image', 5, 7, 'Like', 100, now() - 40000000, 1")
    site.dbt_here("run", "--select", "totals")
    before = cached(cache, "Image", [5, 6])
    taken, since = tell_cache(over, DATABASE, cache)
    assert since is not None and 0 < taken < 600, "those of before, whose events the totals had not counted yet, and 5"
    assert set(cached(cache, "Image", [5, 2800])) == {2800}
    assert tell_cache(over, DATABASE, cache)[0] == 0
    filler(site, cache).fill("Image", since)
    assert cached(cache, "Image", [5])[5]["Like"] == before[5]["Like"] + 100
    # Gone entities, too: a fill finds nothing to store in their place.
    site.rows(f"delete from {EVENTS} where entityType = 'Image' and entityId = 6")
    site.dbt_here("run", "--select", "totals")
    tell_cache(over, DATABASE, cache)
    assert cached(cache, "Image", [6]) == {}
    # Made anew: nobody knows what is gone.
    site.dbt_here("run", "--full-refresh", "--select", "totals")
    assert tell_cache(over, DATABASE, cache)[1] is None
    assert cached(cache, "Image", range(100)) == {}


def test_counters_of_one_object() -> None:
    made = counters()
    made.filled.labels("Image").inc(3)
    assert made.filled.labels("Image")._value.get() == 3
