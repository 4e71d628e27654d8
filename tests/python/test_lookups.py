"""Lookups: what went wrong at the site must not be possible here. One test for each line of that list that is about reading."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from entity_metrics.errors import EntityMetricsError
from entity_metrics.serving import AsyncEntityMetrics
from entity_metrics.serving.keys import entity_key, reactions_key
from harness import EVENTS, Project
from serving import Valkey, metrics, summed

JOB = "source_events"
ROWS = (
    "insert into "
    + EVENTS
    + """ (entityType, entityId, userId, metricType, metricValue, createdAt)
select 'Image', number % 3000, number, ['Like', 'ReactionHeart', 'commentCount'][number % 3 + 1], 1,
    toDateTime('2023-01-01 00:00:00') + number * 1000
from numbers({first}, {count})
"""
)
PAUSE = 0.5
"""Seconds for which what is away is not asked."""


@pytest.fixture(scope="module")
def site(served_site: Project) -> Project:
    """3,000 images have events, and the totals of most were counted."""
    first, second = ROWS.format(first=0, count=18_000), ROWS.format(first=18_000, count=2000)
    served_site.rows(first)
    served_site.dbt_here("run", "--select", "totals")
    served_site.rows(second)
    return served_site


def test_misses_are_one_query_and_hits_none(site: Project, valkey: Valkey) -> None:
    """By batches of a thousand ids; absence is cached, too, and shorter; every key has an expiry."""
    lookups = metrics(site, valkey.cache())
    due = summed(site, "Image")
    found = lookups.get("Image", range(2990, 5000))
    assert (found.unknown, found.totals) == (frozenset(), {i: due.get(i, {}) for i in range(2990, 5000)})
    assert [len(batch) for batch in lookups._reader.queries] == [1000, 1000, 10]
    assert lookups.get("Image", range(2990, 5000)) == found
    assert len(lookups._reader.queries) == 3, "all is cached, absence too"
    server = lookups.cache.client
    assert server.hgetall(entity_key("Image", 2999)) == {name: str(value) for name, value in due[2999].items()}
    assert {key for key in server.scan_iter("*", count=10_000) if server.pttl(key) < 0} == set(), "every key expires"
    assert server.pttl(entity_key("Image", 2999)) > 11 * 3600 * 1000
    absent, state = ("{" + entity_key("Image", 4999) + "}:" + what for what in ("absent", "state"))
    assert 0 < server.pttl(absent) <= 300_000
    assert server.pttl(state) >= server.pttl(absent), "a bulk fill finds the one by the other"


def test_named_lookups_and_bad_input(site: Project, valkey: Valkey) -> None:
    lookups = metrics(site, valkey.cache())
    due = summed(site, "Image")
    assert lookups.get_image_metrics([7, 7])[7] == due[7]
    for name in ("model", "model_version", "post", "collection"):
        assert getattr(lookups, f"get_{name}_metrics")([7]).totals == {7: {}}
    with pytest.raises(EntityMetricsError, match="No entity type is named 'image'"):
        lookups.get("image", [1])
    for wrong in (2**31, "7", True, 1.5):
        with pytest.raises(EntityMetricsError, match="no id"):
            lookups.get("Image", [wrong])
    assert lookups.get("Image", []).totals == {}
    assert lookups.get("Image", [-1, -(2**31)]).totals == {-1: {}, -(2**31): {}}

    async def asked() -> object:
        awaited = AsyncEntityMetrics(lookups)
        one, two = await asyncio.gather(awaited.get_image_metrics([7]), awaited.get("Image", range(100)))
        awaited.close()
        return one[7], two[7], await asyncio.sleep(0, await_reactions)

    await_reactions = lookups.get_reactions(7, [7])
    assert asyncio.run(asked()) == (due[7], due[7], {7: await_reactions[7]})


def test_life_is_renewed_on_use(site: Project, valkey: Valkey) -> None:
    lookups = metrics(site, valkey.cache(totals=1000))
    lookups.get("Image", [1, 2])
    lookups.get_reactions(7, [7])
    server = lookups.cache.client
    for key in (entity_key("Image", 1), entity_key("Image", 2)):
        server.pexpire(key, 800_000)
        server.delete("{" + key + "}:state")  # as a minute later, when nothing of the fill is remembered
    server.delete("{" + reactions_key(7, 7) + "}:state")
    lookups.get("Image", [1])
    assert server.pttl(entity_key("Image", 1)) > 990_000
    assert server.pttl(entity_key("Image", 2)) <= 800_000
    # A publishing tells nobody of flags: they live for five minutes, read or not.
    assert server.pttl(reactions_key(7, 7)) <= 300_000
    server.pexpire(reactions_key(7, 7), 200_000)
    assert lookups.get_reactions(7, [7]) == {7: 2}
    assert server.pttl(reactions_key(7, 7)) <= 200_000


def test_a_stampede_is_one_query(site: Project, valkey: Valkey) -> None:
    """Two hundred threads of two processes' worth of objects ask for the same thousand cold ids, by a slow engine."""
    here, there = (metrics(site, valkey.cache(fill=1.2), patience=60.0) for _ in range(2))
    here._reader.before = there._reader.before = 1.8  # longer than a lock lives that nobody renews
    due = summed(site, "Image")
    with ThreadPoolExecutor(200) as threads:
        found = list(threads.map(lambda n: (here, there)[n % 2].get("Image", range(1000)), range(200)))
    assert len(here._reader.queries) + len(there._reader.queries) == 1, "the lock lives as long as the work"
    assert all(one.totals == {i: due[i] for i in range(1000)} for one in found), "those who waited have the value, not zero"


def test_a_lock_is_taken_when_its_batch_is_read(site: Project, valkey: Valkey) -> None:
    """Not before: that of the third batch would end while the first is read."""
    here, there = (metrics(site, valkey.cache(), patience=60.0) for _ in range(2))
    here._reader.before = 0.3
    asking = threading.Thread(target=here.get, args=("Image", range(3000)))
    asking.start()
    time.sleep(0.1)
    assert there.get("Image", [2500])[2500] == summed(site, "Image")[2500], "nobody reads it yet, so it need not wait"
    assert there._reader.queries == [[2500]]
    asking.join()
    assert sorted(i for batch in here._reader.queries for i in batch) == [i for i in range(3000) if i != 2500]


def test_many_ids(site: Project, valkey: Valkey) -> None:
    """More than the 65,535 parameters that a statement may have: ids are an array."""
    lookups, due = metrics(site, valkey.cache()), summed(site, "Image")
    with valkey.cache().client.pipeline(transaction=False) as server:
        for i in range(3000, 72_900):
            server.set("{" + entity_key("Image", i) + "}:absent", 1, px=60_000)
        server.execute()
    found = lookups.get("Image", range(2900, 72_900))
    assert found.totals == {i: due.get(i, {}) for i in range(2900, 72_900)}
    assert [len(batch) for batch in lookups._reader.queries] == [100]


def test_a_full_cache_serves_what_it_has(site: Project, valkey: Valkey) -> None:
    """What it has not is read from ClickHouse, and not kept; a write is told all the same."""
    lookups = metrics(site, valkey.cache())
    due, server = summed(site, "Image"), valkey.cache().client
    lookups.get("Image", [1])
    server.config_set("maxmemory", 1)
    for _ in range(3):
        assert lookups.get("Image", [1, 2]).totals == {1: due[1], 2: due[2]}
    assert [2] in lookups._reader.queries and [1, 2] not in lookups._reader.queries
    assert server.exists(entity_key("Image", 2)) == 0
    lookups.cache.call("begin_write", [entity_key("Image", 1)], ["writer", 5000, 60_000])
    lookups.cache.end_write("writer", {entity_key("Image", 1): {"Like": 1}})
    assert int(server.hget(entity_key("Image", 1), "Like")) == due[1].get("Like", 0) + 1
    lookups.invalidate("Image", [1])
    assert server.exists(entity_key("Image", 1)) == 0


def test_who_fills_and_dies_is_replaced(site: Project, valkey: Valkey) -> None:
    lookups = metrics(site, valkey.cache(fill=0.3))
    lookups.cache.load()
    key = entity_key("Image", 1)
    assert lookups.cache.by_key("begin_fill", [key], ["somebody", 300, 60_000])[0][0] == "fill"
    began = time.monotonic()
    assert lookups.get("Image", [1])[1] == summed(site, "Image")[1]
    assert time.monotonic() - began > 0.2


@pytest.mark.parametrize("what", ["written", "invalidated"])
def test_a_fill_that_began_before_a_change_is_not_kept(site: Project, valkey: Valkey, what: str) -> None:
    """Read, then changed, then stored: the site kept the old total. Who waits is given the value, for a moment."""
    lookups, cache = metrics(site, valkey.cache(answer=0.5)), valkey.cache()
    lookups._reader.after = 0.5
    key = entity_key("Image", 1)
    asking = threading.Thread(target=lookups.get, args=("Image", [1]))
    asking.start()
    time.sleep(0.3)
    if what == "written":
        cache.call("begin_write", [key], ["writer", 5000, 60_000])
        cache.end_write("writer", {key: {"Like": 1}})
    else:
        cache.invalidate([key])
    asking.join()
    assert lookups.cache.client.exists(key) == 0
    assert lookups.get("Image", [1])[1] == summed(site, "Image")[1]
    assert len(lookups._reader.queries) == 1, "the answer was enough for a moment"
    time.sleep(0.6)
    lookups.get("Image", [1])
    assert lookups.cache.client.exists(key) == 1


def test_an_increment_of_an_absence_drops_it(site: Project, valkey: Valkey) -> None:
    """The site served the bare difference as the total."""
    lookups = metrics(site, valkey.cache())
    key = entity_key("Image", 99_999)
    lookups.get("Image", [99_999])
    lookups.cache.call("begin_write", [key], ["writer", 5000, 60_000])
    lookups.cache.end_write("writer", {key: {"Like": 1}})
    assert lookups.cache.client.keys(f"*{key}*") == ["{" + key + "}:state"]


def test_a_writer_that_is_gone_leaves_no_absence(site: Project, valkey: Valkey) -> None:
    """Its event may have come in: for five minutes the entity would have nothing."""
    lookups = metrics(site, valkey.cache())
    key, server = entity_key("Image", 99_998), lookups.cache.client
    lookups.get("Image", [99_998])
    assert server.exists("{" + key + "}:absent") == 1
    lookups.cache.call("begin_write", [key], ["gone", 5000, 60_000])
    assert server.exists("{" + key + "}:absent") == 0
    lookups.get("Image", [99_998])
    assert server.exists("{" + key + "}:absent") == 0, "nobody knows yet"


def test_a_writer_that_is_gone_takes_the_hash_with_it(site: Project, valkey: Valkey) -> None:
    """Whether its event came in, nobody knows. Another writer does not prolong the hash's life; one that is late ends it."""
    lookups = metrics(site, valkey.cache(write=0.5))
    key, server = entity_key("Image", 1), lookups.cache.client
    lookups.get("Image", [1])
    lookups.cache.call("begin_write", [key], ["gone", 500, 60_000])
    lookups.cache.call("begin_write", [key], ["other", 500, 60_000])
    lookups.cache.end_write("other", {key: {"Like": 1}})
    assert int(server.hget(key, "Like")) == summed(site, "Image")[1].get("Like", 0) + 1
    assert server.pttl(key) <= 500
    time.sleep(0.6)
    assert server.exists(key) == 0
    lookups.get("Image", [1])
    assert server.exists(key) == 1
    lookups.cache.end_write("gone", {key: {"Like": 1}})
    assert server.exists(key) == 0, "it was late: its event may be in what was filled since"


def test_a_write_leaves_the_life_as_it_was(site: Project, valkey: Valkey) -> None:
    """While it lasts the hash lives as long as it is believed. What was cached anew meanwhile has a life of its own."""
    lookups = metrics(site, valkey.cache())
    key, server = entity_key("Image", 1), lookups.cache.client
    lookups.get("Image", [1])
    server.pexpire(key, 100_000)
    for writer in ("one", "other"):
        lookups.cache.call("begin_write", [key], [writer, 5000, 60_000])
        assert server.pttl(key) <= 5000
    lookups.cache.end_write("one", {key: {"Like": 1}})
    assert server.pttl(key) <= 5000, "the other is not done"
    lookups.cache.end_write("other", {key: {"Like": 1}})
    assert 90_000 < server.pttl(key) <= 100_000

    lookups.cache.call("begin_write", [key], ["one", 5000, 60_000])
    lookups.get("Image", [1])
    assert server.pttl(key) <= 5000
    lookups.cache.end_write("one", {key: {"Like": 1}})
    assert server.pttl(key) > 11 * 3_600_000, "it was read"

    server.pexpire(key, 1000)
    for writer in ("one", "other"):
        lookups.cache.call("begin_write", [key], [writer, 5000, 60_000])
        assert server.pttl(key) <= 1000, "it does not live on writes that overlap"
    server.unlink(key)
    for writer in ("one", "other"):
        lookups.cache.end_write(writer, {key: {"Like": 1}})
    lookups.get("Image", [1])
    for _ in range(2):
        assert server.pttl(key) > 11 * 3_600_000, "what was there before is forgotten"
        lookups.cache.call("begin_write", [key], ["one", 5000, 60_000])
        lookups.cache.end_write("one", {key: {"Like": 1}})
    assert [*server.hgetall("{" + key + "}:state")] == ["gen"]


def test_valkey_away(site: Project, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """ClickHouse is asked, once for all who ask; and the cache is used again when it is back."""
    monkeypatch.setattr("entity_metrics.serving.lookups.PAUSE", PAUSE)
    lookups = metrics(site, valkey.cache())
    valkey.stop()
    lookups._reader.before = 0.3
    due = summed(site, "Image")
    with ThreadPoolExecutor(50) as threads:
        found = list(threads.map(lambda _: lookups.get("Image", range(10)), range(50)))
    assert all(one.totals == {i: due[i] for i in range(10)} for one in found)
    assert len(lookups._reader.queries) <= 2
    valkey.start()
    time.sleep(PAUSE + 0.1)
    assert lookups.get("Image", [5])[5] == due[5]
    assert lookups.cache.client.exists(entity_key("Image", 5)) == 1


def test_clickhouse_away(site: Project, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cached is served; the rest is unknown, which is no zero, with the reason; it is not asked again at once."""
    monkeypatch.setattr("entity_metrics.serving.lookups.PAUSE", PAUSE)
    lookups = metrics(site, valkey.cache())
    due = summed(site, "Image")
    lookups.get("Image", [1])
    site.rows("rename table entity_metrics.counted_days to entity_metrics.away")
    try:
        for _ in range(20):
            found = lookups.get("Image", [1, 2])
            assert (found.totals, found.unknown) == ({1: due[1]}, {2})
        assert len(lookups._reader.queries) == 2
        assert "counted_days" in lookups.failure
        with pytest.raises(KeyError):
            found[2]
    finally:
        site.rows("rename table entity_metrics.away to entity_metrics.counted_days")
    time.sleep(PAUSE + 0.1)
    assert lookups.get("Image", [1, 2]).totals == {1: due[1], 2: due[2]}


def test_flags_of_reactions(site: Project, valkey: Valkey) -> None:
    lookups = metrics(site, valkey.cache())
    user = 2 * 3000 + 7
    assert lookups.get_reactions(user, [7, 8]) == {7: 2 if user % 3 == 1 else 1 if user % 3 == 0 else 0, 8: 0}
    assert lookups.get_reactions(user, [7, 8])[8] == 0
    keys = set(lookups.cache.client.keys("*reactions*"))
    assert "{" + reactions_key(user, 8) + "}:absent" in keys
