"""Lookups of totals: from the cache, and what it lacks from ClickHouse, once for all who ask."""

import json
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from entity_metrics.explain import explain, hide_secrets
from entity_metrics.serving import keys
from entity_metrics.serving.counters import Counters
from entity_metrics.serving.kinds import Kind
from entity_metrics.serving.reader import BATCH, Reader, Totals
from entity_metrics.serving.store import Away, Cache, Unavailable, kept_alive, new_mark
from entity_metrics.serving.users import UserLookups

_log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds for which a server that failed is not asked again."""


@dataclass(frozen=True)
class Found:
    """What a lookup found.

    totals: by id, totals by quantity; {} for an entity that has none; a quantity that is not named is 0.
    unknown: ids of which nothing is known now, since ClickHouse could not be asked. Never take one for zero.
    """

    totals: dict[int, Totals]
    unknown: frozenset[int] = field(default_factory=frozenset)

    def __getitem__(self, entity_id: int) -> Totals:
        """The totals of an entity. Raises KeyError for one that is unknown or was not asked for."""
        return self.totals[entity_id]


class EntityMetrics(UserLookups):
    """Totals of entities in milliseconds. Threads and processes may share a cache.

    A value that is served is the sum of the events at some moment of the last few seconds, whatever is written meanwhile: see
    cache.lua. Where the cache is down ClickHouse is asked; where ClickHouse is down what is cached is served.
    """

    def __init__(
        self, reader: Reader, cache: Cache | None = None, counters: Counters | None = None, patience: float = 10.0
    ) -> None:
        """
        Args:
            reader: of ClickHouse.
            cache: None to ask ClickHouse each time.
            counters: Prometheus counters; those of this process if None.
            patience: seconds to wait for somebody else who reads the same ids.

        `failure` says why ClickHouse could not be asked the last time that it could not.
        """
        self._reader = reader
        self.cache = cache
        self.counters = counters or Counters.of_process()
        self._patience = patience
        self._flights: dict[str, Future[dict[int, Totals]]] = {}
        self._lock = threading.Lock()
        self.failure = ""
        self._down_until = {"cache": 0.0, "clickhouse": 0.0}

    def get(self, entity_type: str, ids: Iterable[int]) -> Found:
        """The totals of entities. Raises EntityMetricsError for an entity type that the registry does not know, or a wrong id."""
        keys.known_type(entity_type)
        kind = Kind(
            entity_type,
            lambda entity_id: keys.entity_key(entity_type, entity_id),
            lambda batch: self._reader.entity_totals(entity_type, batch),
        )
        return self._get(kind, keys.checked_ids(ids))

    def get_model_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of models."""
        return self.get("Model", ids)

    def get_model_version_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of model versions."""
        return self.get("ModelVersion", ids)

    def get_post_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of posts."""
        return self.get("Post", ids)

    def get_collection_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of collections."""
        return self.get("Collection", ids)

    def get_image_metrics(self, ids: Iterable[int]) -> Found:
        """Totals of images."""
        return self.get("Image", ids)

    def get_reactions(self, user_id: int, image_ids: Iterable[int]) -> dict[int, int]:
        """A user's reactions to images as flags: Like 1, Heart 2, Laugh 4, Cry 8. Images that are unknown are left out."""
        [user_id] = keys.checked_ids([user_id])
        kind = Kind(
            "reactions",
            lambda image_id: keys.reactions_key(user_id, image_id),
            lambda batch: self._reader.user_image_reactions(user_id, batch),
            life="absence",
        )
        found = self._get(kind, keys.checked_ids(image_ids))
        return {image_id: totals.get("flags", 0) for image_id, totals in found.totals.items()}

    def invalidate(self, entity_type: str, ids: Iterable[int]) -> None:
        """Take entities out of the cache, also for fills that began before. Raises Unavailable if the cache is down."""
        if self.cache:
            self.cache.invalidate([key for i in keys.checked_ids(ids) for key in keys.keys_of(entity_type, i)])

    def _get(self, kind: Kind, ids: list[int]) -> Found:
        """Cached ones first; then one flight for all that miss."""
        totals: dict[int, Totals] = {}
        if self.cache and ids and self._is_up("cache"):
            try:
                ttl = self.cache.ttl_ms if kind.life == "totals" else 0
                texts = self.cache.by_key("read", [kind.key(i) for i in ids], [ttl])
                totals = {i: kind.fields(text) for i, text in zip(ids, texts, strict=True) if text is not None}
            except Unavailable as ex:
                self._cache_failed(ex)
        missing = [i for i in ids if i not in totals]
        self.counters.hits.labels(kind.name).inc(len(totals))
        self.counters.misses.labels(kind.name).inc(len(missing))
        if missing:
            totals.update(self._fly(kind, missing))
        unknown = frozenset(i for i in missing if i not in totals)
        self.counters.unknown.labels(kind.name).inc(len(unknown))
        return Found(totals, unknown)

    def _fly(self, kind: Kind, ids: list[int]) -> dict[int, Totals]:
        """Read ids that nobody in this process reads just now, and wait for the others."""
        mine: dict[int, str] = {}
        others: dict[int, Future[dict[int, Totals]]] = {}
        flight: Future[dict[int, Totals]] = Future()
        with self._lock:
            for i in ids:
                key = kind.key(i)
                if key in self._flights:
                    others[i] = self._flights[key]
                else:
                    mine[i] = key
                    self._flights[key] = flight
        found: dict[int, Totals] = {}
        try:
            if mine:
                found = self._fill(kind, list(mine)) if self.cache and self._is_up("cache") else self._ask(kind, list(mine))
        finally:
            with self._lock:
                for key in mine.values():
                    del self._flights[key]
            flight.set_result(dict(found))
        if others:
            self.counters.waits.labels(kind.name).inc(len(others))
        deadline = time.monotonic() + self._patience
        for i, other in others.items():
            try:
                totals = other.result(max(0.0, deadline - time.monotonic())).get(i)
            except TimeoutError:
                continue
            if totals is not None:
                found[i] = totals
        return found

    def _ask(self, kind: Kind, ids: list[int]) -> dict[int, Totals]:
        """What ClickHouse says of the ids, {} for those that it does not know; none if it cannot be asked."""
        if not self._is_up("clickhouse"):
            return {}
        with self.counters.fill_seconds.labels(kind.name).time():
            try:
                found = kind.fetch(ids)
            except Exception as ex:
                self._is_down("clickhouse")
                self.counters.failures.labels("clickhouse").inc()
                self.failure = hide_secrets(explain(ex).sentence)
                _log.warning("ClickHouse could not be asked: %s", self.failure)
                return {}
        return {i: found.get(i, {}) for i in ids}

    def _fill(self, kind: Kind, ids: list[int]) -> dict[int, Totals]:
        """Read ids for all processes, and keep them; wait for those that another process reads."""
        found: dict[int, Totals] = {}
        deadline = time.monotonic() + self._patience
        pause = 0.005
        while ids:
            try:
                ids = self._fill_once(kind, ids, found)
            except Unavailable as ex:
                self._cache_failed(ex)
                found.update(self._ask(kind, [i for i in ids if i not in found]))
                break
            if not ids or time.monotonic() > deadline or not self._is_up("clickhouse"):
                break
            self.counters.waits.labels(kind.name).inc(len(ids))
            time.sleep(pause)
            pause = min(pause * 2, 0.1)
        return found

    def _fill_once(self, kind: Kind, ids: list[int], found: dict[int, Totals]) -> list[int]:
        """Fill those ids that nobody else fills, adding to `found`. Returns the others."""
        cache, waiting = self.cache, []
        for batch in _batches(ids):
            who, gens = new_mark(), {}
            lifetime = int(cache.lifetimes.fill * 1000)
            begun = cache.by_key("begin_fill", [kind.key(i) for i in batch], [who, lifetime, cache.mark_ms])
            for i, (what, *rest) in zip(batch, begun, strict=True):
                if what == "cached":
                    found[i] = kind.fields(rest[0])
                elif what == "answer":
                    found[i] = json.loads(rest[0])
                elif what == "fill":
                    gens[i] = rest[0]
                else:
                    waiting.append(i)
            if gens:
                self._fill_batch(kind, who, gens, found)
        return waiting

    def _fill_batch(self, kind: Kind, who: str, gens: dict[int, str], found: dict[int, Totals]) -> None:
        cache, ids = self.cache, list(gens)
        by_id = {i: kind.key(i) for i in ids}
        every = cache.lifetimes.fill / 3
        with kept_alive(lambda: cache.call("renew_fill", list(by_id.values()), [who, int(cache.lifetimes.fill * 1000)]), every):
            asked = self._ask(kind, ids)
        found.update(asked)
        if not asked:
            cache.call("abandon_fill", list(by_id.values()), [who])
            return
        times = [int(seconds * 1000) for seconds in (getattr(cache.lifetimes, kind.life), cache.lifetimes.absence)]
        per_key = [[gens[i], kind.text(asked[i])] for i in ids]
        replies = cache.call("end_fill", list(by_id.values()), [who, *times], per_key)
        kept = replies[0] if not cache.cluster else [values[0] for values in replies]
        refused = [i for i, was_kept in zip(ids, kept, strict=True) if not was_kept]
        cache.call(
            "answer_fill",
            [by_id[i] for i in refused],
            [who, int(cache.lifetimes.answer * 1000)],
            [[json.dumps(asked[i])] for i in refused],
        )

    def _cache_failed(self, error: Exception) -> None:
        """One that answers, as where its memory is full, is asked again: what it has it serves."""
        self.counters.failures.labels("cache").inc()
        if self._is_up("cache"):
            _log.warning("The cache %s could not be used: %s", self.cache.where, hide_secrets(str(error)))
        if isinstance(error, Away):
            self._is_down("cache")

    def _is_up(self, server: str) -> bool:
        return time.monotonic() >= self._down_until[server]

    def _is_down(self, server: str) -> None:
        """Nobody asks it for a while."""
        self._down_until[server] = time.monotonic() + PAUSE


def _batches(ids: list[int]) -> Iterator[list[int]]:
    return (ids[first : first + BATCH] for first in range(0, len(ids), BATCH))
