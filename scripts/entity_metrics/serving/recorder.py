"""The recorder of live events: into ClickHouse once, then into the cache."""

import atexit
import collections
import datetime
import json
import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.exceptions import OperationalError

from entity_metrics.errors import EntityMetricsError
from entity_metrics.explain import explain, hide_secrets
from entity_metrics.serving import keys
from entity_metrics.serving.counters import Counters
from entity_metrics.serving.facts import REACTIONS, FactRecorder, event_line
from entity_metrics.serving.reader import LIVE_USER_METRICS
from entity_metrics.serving.spool import Segment, Spool
from entity_metrics.serving.store import Cache, Unavailable, kept_alive, new_mark
from entity_metrics.serving.writer import Writer

VERSION = 2
"""The version of the live site's events."""

SEGMENT_EVENTS = 5000
EVENT_ID_SECONDS = 24 * 3600
"""How long the cache remembers the id of an event."""

_log = logging.getLogger(__name__)


class EventRecorder(FactRecorder):
    """Records events of the live site. Threads may share it; every process has its own.

    An event is on disk when `record` returns. A thread writes what came within `interval` into ClickHouse, in one insert, and
    then adds it to the hashes that are in the cache. While ClickHouse is away events wait on disk; those of a process that was
    killed are written by the next recorder with the same folder. None is written twice: a repeated insert is known by its
    token, and where the table's engine deduplicates nothing, by a look into the table.
    """

    def __init__(
        self,
        writer: Writer,
        folder: Path,
        cache: Cache | None = None,
        counters: Counters | None = None,
        interval: float = 0.2,
        longest_pause: float = 30.0,
    ) -> None:
        """
        Args:
            writer: of the event table.
            folder: where events wait, shared by the recorders of a machine.
            cache: None if there is none.
            counters: Prometheus counters; those of this process if None.
            interval: seconds between two inserts.
            longest_pause: seconds between two tries at most while ClickHouse is away.

        Raises EntityMetricsError for a folder that cannot be written.
        """
        self._writer, self._cache, self._interval, self._longest_pause = writer, cache, interval, longest_pause
        self.counters = counters or Counters.of_process()
        self._spool = Spool(folder)
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._tried: collections.Counter[str] = collections.Counter()
        self._retry_at: dict[str, float] = {}
        self._is_away = False
        self._events, self._month = 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def record(
        self, entity_type: str, entity_id: int, user_id: int, metric: str, value: int = 1, event_id: str | None = None
    ) -> None:
        """Record that a user did something to an entity, now.

        Args:
            entity_type: of the registry, such as `Image`.
            entity_id: 32 bits.
            user_id: the actor, 32 bits.
            metric: a quantity that the registry has for the entity type, such as `commentCount`.
            value: what it adds; -1 takes one back. 32 bits.
            event_id: an event that was recorded under the same id within a day counts once. The cache must be there for it.

        Raises EntityMetricsError for what the registry does not know or no column holds, and for a recorder that is closed.
        """
        self._append([event_line(entity_type, entity_id, user_id, metric, value, event_id)])

    def flush(self, timeout: float = 30.0) -> bool:
        """Write what was recorded so far. Returns whether nothing waits any more."""
        deadline = time.monotonic() + timeout
        while True:
            if self._send_all():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(self._interval)

    def close(self) -> None:
        """Try once to write what waits, and stop. What could not be written waits on disk for the next recorder."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._thread.join()
        self._send_all()
        with self._sending, self._lock:
            self._spool.close()
        atexit.unregister(self.close)

    def _append(self, events: Sequence[dict[str, Any]]) -> None:
        """All of them are in one segment, so that they come into ClickHouse together."""
        with self._lock:
            if self._stop.is_set():
                raise EntityMetricsError("This recorder is closed: make another one.")
            now = datetime.datetime.now(datetime.UTC)
            month = now.year * 12 + now.month
            if self._events >= SEGMENT_EVENTS or month != self._month:
                self._close_segment()
            self._month = month
            created_at = f"{now:%Y-%m-%d %H:%M:%S}"
            lines = (json.dumps(event | {"createdAt": created_at, "version": VERSION}) + "\n" for event in events)
            self._spool.append("".join(lines).encode())
            self._events += len(events)
            self.counters.kept.inc(len(events))

    def _close_segment(self) -> None:
        self._spool.close_segment()
        self._events = 0

    def _work(self) -> None:
        pause = self._interval
        while not self._stop.wait(pause):
            self._send_all(patient=True)
            pause = min(self._longest_pause, pause * 2) if self._is_away else self._interval

    def _send_all(self, patient: bool = False) -> bool:
        """Returns whether all that was there at the beginning is in ClickHouse, and the cache knows.

        patient: whether a segment that was refused waits longer each time. It holds up no other.
        """
        with self._sending:
            with self._lock:
                self._close_segment()
                self._spool.adopt()
                waiting = self._spool.waiting()
            due = [one for one in waiting if not patient or self._retry_at.get(one.name, 0.0) <= time.monotonic()]
            done, self._is_away = len(due) == len(waiting), False
            for segment in due:
                try:
                    done &= self._send(segment)
                except Exception as ex:
                    done, self._is_away = False, isinstance(ex, (OperationalError, OSError, *Unavailable))
                    self._put_off(segment, ex)
                    if self._is_away:
                        break
            return done

    def _put_off(self, segment: Segment, error: Exception) -> None:
        self.counters.failures.labels("cache" if isinstance(error, Unavailable) else "clickhouse").inc()
        _log.warning("Events wait in %s: %s", segment.path, hide_secrets(explain(error).sentence))
        wait = min(self._longest_pause, self._interval * 2 ** min(self._tried[segment.name], 20))
        self._retry_at[segment.name] = time.monotonic() + wait

    def _send(self, segment: Segment) -> bool:
        """Begin, insert, finish. Whatever fails leaves the segment, and no hash in the cache that nobody is sure of.

        Returns False if the cache is away. Raises what the insert raises.
        """
        again = self._tried[segment.name] > 0 or segment.path.parent != self._spool.own
        self._tried[segment.name] += 1
        events = [json.loads(line) for line in segment.lines().splitlines()]
        writer, begun = new_mark(), False
        if not segment.is_inserted:
            events = self._claim(segment, events)
            changed = list(_increments(events))
            begun = self._begin(writer, changed)
            try:
                with kept_alive(lambda: self._renew(writer, changed), self._write_seconds() / 3):
                    if events:
                        self._writer.insert(segment.lines(), segment.name, again)
            except Exception:
                if begun:
                    self._finish(writer, dict.fromkeys(changed))
                raise
            segment = segment.inserted()
            self._count(events)
        excluded = self._writer.excluded_users() if self._cache else frozenset()
        increments = _increments([event for event in events if event["userId"] not in excluded])
        if self._finish(writer, increments if begun and not again else dict.fromkeys(increments)):
            segment.remove()
            self._tried.pop(segment.name)
            self._retry_at.pop(segment.name, None)
            return True
        return False

    def _claim(self, segment: Segment, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Without those whose id another segment has. Rewrites the segment if there are any.

        Raises Unavailable: without the cache nobody knows, and the events wait.
        """
        if not self._cache or not any("event_id" in event for event in events):
            return events
        first: dict[str, int] = {}
        for n, event in enumerate(events):
            if "event_id" in event:
                entity = keys.entity_key(event["entityType"], event["entityId"])
                first.setdefault(keys.event_key(entity, f"{event['metricType']}:{event['event_id']}"), n)
        owners = self._cache.claim(list(first), segment.name, EVENT_ID_SECONDS)
        counted = {n for n, owner in zip(first.values(), owners, strict=True) if owner == segment.name}
        kept = [event for n, event in enumerate(events) if "event_id" not in event or n in counted]
        if len(kept) < len(events):
            self.counters.repeated.inc(len(events) - len(kept))
            self.counters.kept.dec(len(events) - len(kept))
            segment.rewrite(b"".join(json.dumps(event).encode() + b"\n" for event in kept))
        return kept

    def _begin(self, writer: str, changed: list[str]) -> bool:
        """Say that writes are under way. Returns False if the cache is away: then the hashes are taken out afterwards."""
        if not self._cache:
            return False
        try:
            self._cache.call("begin_write", changed, [writer, int(self._write_seconds() * 1000), self._cache.mark_ms])
        except Unavailable:
            return False
        return True

    def _renew(self, writer: str, changed: list[str]) -> None:
        """Say that the writes go on. One that is not believed any more is not begun again: its hash goes when it is finished."""
        if self._cache:
            self._cache.call("renew_write", changed, [writer, int(self._write_seconds() * 1000)])

    def _finish(self, writer: str, increments: dict[str, dict[str, int] | None]) -> bool:
        """Add to the hashes, or take out those whose increment is None. Returns False if the cache is away."""
        if not self._cache:
            return True
        try:
            self._cache.end_write(writer, increments)
        except Unavailable:
            return False
        return True

    def _write_seconds(self) -> float:
        return self._cache.lifetimes.write if self._cache else 5.0

    def _count(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            self.counters.recorded.labels(event["entityType"]).inc()
        self.counters.kept.dec(len(events))


def _increments(events: Sequence[dict[str, Any]]) -> dict[str, dict[str, int] | None]:
    """What the events add to each hash; None for a number of flags, which is not a sum."""
    increments: dict[str, dict[str, int] | None] = {}
    for event in events:
        metric = event["metricType"]
        own, *of_user = keys.keys_of(event["entityType"], event["entityId"])
        for key in [own, *(of_user if metric in LIVE_USER_METRICS else [])]:
            totals = increments.setdefault(key, {})
            totals[metric] = totals.get(metric, 0) + event["metricValue"]
        if event["entityType"] == "Image" and event["metricType"] in REACTIONS:
            increments[keys.reactions_key(event["userId"], event["entityId"])] = None
    return increments
