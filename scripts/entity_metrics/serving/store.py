"""The cache: Valkey or Redis 7 and later, one server or a cluster, and the library of functions in cache.lua."""

import contextlib
import functools
import importlib.resources
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from entity_metrics.errors import EntityMetricsError
from entity_metrics.serving.keys import buckets_with

LIBRARY = [importlib.resources.files("entity_metrics.serving") / name for name in ("cache.lua", "bulk.lua")]
FUNCTION = "entity_metrics_3_"
"""What the functions' names begin with: another number in another version, so that two versions live side by side."""

CONNECTIONS = 64
"""Calls of a process at a time to one server; others wait."""

SCANNED = 1000
"""Keys that a server looks at in one step, between others' calls."""

Away = (redis.ConnectionError, redis.TimeoutError, redis.exceptions.ClusterDownError, redis.exceptions.RedisClusterException)
"""What is raised while the cache cannot be reached."""

Unavailable = (redis.RedisError, *Away)
"""What is raised while it cannot be used: also where its memory is full, or it refuses the user."""


@dataclass(frozen=True)
class Lifetimes:
    """How long things live in the cache, in seconds.

    totals: a hash that nobody reads; users: the hash of a user; absence: that an entity has nothing; answer: what a fill found
    that could not be kept; write: a write in progress that gives no sign; fill: a fill that gives no sign; mark: that a hash was
    changed: a fill that lasts longer is not kept.
    """

    totals: float = 12 * 3600
    users: float = 3600
    absence: float = 300
    answer: float = 1
    write: float = 5
    fill: float = 5
    mark: float = 60


class Cache:
    """Calls the functions of cache.lua, for keys as entity_metrics.serving.keys makes them; threads may share it."""

    def __init__(self, url: str, cluster: bool = False, lifetimes: Lifetimes | None = None, timeout: float = 2.0) -> None:
        """
        Args:
            url: redis://, rediss:// (TLS), valkey://, valkeys:// or unix://, with user and password.
            cluster: whether the server is a node of a cluster.
            lifetimes: how long things live; the defaults if None.
            timeout: seconds to wait for a connection and for a reply.

        Raises EntityMetricsError for a URL that is none. Nothing is connected yet.
        """
        self.lifetimes = lifetimes or Lifetimes()
        self.cluster = cluster
        self.where = shown(url)
        options: dict[str, Any] = {
            "decode_responses": True,
            "encoding_errors": "replace",
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "retry": Retry(NoBackoff(), 1),
        }
        try:
            redis.connection.parse_url(_redis_url(url))
        except Exception as ex:
            raise EntityMetricsError(
                f"The URL of the cache, {self.where}, cannot be used: write redis://[user:password@]host:port/database, "
                "rediss:// for TLS, or unix:///path."
            ) from ex
        if cluster:
            self._connect = functools.partial(redis.RedisCluster.from_url, _redis_url(url), max_connections=2**16, **options)
        else:
            pool = redis.BlockingConnectionPool.from_url(_redis_url(url), max_connections=CONNECTIONS, timeout=timeout, **options)
            self._connect = functools.partial(redis.Redis.from_pool, pool)

    @functools.cached_property
    def client(self) -> Any:
        """The client of redis-py. One of a cluster connects when it is made: while that is away, each call tries again."""
        return self._connect()

    def call(self, function: str, keys: Sequence[str], args: Sequence[Any], per_key: Sequence[Sequence[Any]] = ()) -> list[Any]:
        """Call a function of the library for all keys: at once, or one by one in a pipeline on a cluster.

        args: for all keys; per_key: further arguments of each. Returns what the calls returned, one after the other.
        """
        return self._loaded(lambda: self._call(function, keys, args, per_key)) if keys else []

    def scan(self, function: str, *args: Any) -> Iterator[Any]:
        """What a function returns that goes through all keys of a server, piece by piece, of all servers."""
        for server in self.primaries():
            cursor = "0"
            while True:
                cursor, found = self._loaded(functools.partial(server.fcall, FUNCTION + function, 0, cursor, SCANNED, *args))
                yield found
                if cursor == "0":
                    break

    def _loaded(self, call: Callable[[], Any]) -> Any:
        """What the call returns. Where the server lacks the library, it is loaded first."""
        try:
            return call()
        except redis.ResponseError as ex:
            if "Function not found" not in str(ex):
                raise
            self.load()
            return call()

    def _call(self, function: str, keys: Sequence[str], args: Sequence[Any], per_key: Sequence[Sequence[Any]]) -> list[Any]:
        name = FUNCTION + function
        if not self.cluster:
            flat = [value for values in per_key for value in values]
            return [self.client.fcall(name, len(keys), *keys, *args, *flat)]
        pipeline = self.client.pipeline()
        for i, key in enumerate(keys):
            pipeline.execute_command("FCALL", name, 1, key, *args, *(per_key[i] if per_key else ()))
        return pipeline.execute()

    def by_key(self, function: str, keys: Sequence[str], args: Sequence[Any]) -> list[Any]:
        """As `call`, for a function that returns a list with one value for each key."""
        found = self.call(function, keys, args)
        return found[0] if not self.cluster and found else [values[0] for values in found]

    def end_write(self, writer: str, increments: Mapping[str, Mapping[str, int] | None]) -> None:
        """Finish the writes of keys. increments: by field; None where nobody knows what became of the write."""
        self._tell_bulk_fills(buckets_with(increments))
        per_key = [
            [-1] if fields is None else [2 * len(fields), *(value for pair in fields.items() for value in pair)]
            for fields in increments.values()
        ]
        self.call("end_write", list(increments), [writer, new_mark(), self.mark_ms], per_key)

    def invalidate(self, keys: Sequence[str]) -> None:
        """Take keys out of the cache, also for fills that began before."""
        self._tell_bulk_fills(buckets_with(keys))
        self.call("invalidate", keys, [new_mark(), self.mark_ms])

    def invalidate_cached(self, keys: Sequence[str], buckets: Sequence[str]) -> int:
        """As `invalidate`, for many keys of which few are cached, and the buckets that they are in. Returns how many were."""
        self._tell_bulk_fills(buckets)
        return sum(self.call("invalidate_cached", keys, [new_mark(), self.mark_ms]))

    def clear(self, beginning: str = "") -> int:
        """Remove all that is cached, or the hashes whose names begin so. Returns how many keys that were.

        The first pass has fills refused that are under way, the second takes what they stored before it came to them.
        """
        mark = new_mark()
        return sum(sum(self.scan("scan_clear", mark, beginning)) for _ in range(2))

    def claim(self, keys: Sequence[str], owner: str, seconds: float) -> list[str]:
        """Who each key belongs to, as event_key makes them: to `owner` from now on, if it was nobody's."""
        return self.by_key("claim", keys, [owner, int(seconds * 1000)])

    def _tell_bulk_fills(self, buckets: Sequence[str]) -> None:
        """A bulk fill that read before an event came, and stores after the hash was told of it, sees that this was changed.

        Only after the event is in ClickHouse, and before the hash is told. On a cluster nothing is filled in bulk.
        """
        if not self.cluster:
            self.call("begin_bulk", buckets, [new_mark(), self.mark_ms])

    def load(self) -> None:
        """Load the library into every primary."""
        source = "\n".join(part.read_text(encoding="utf-8") for part in LIBRARY)
        for server in self.primaries():
            server.function_load(source, replace=True)

    def primaries(self) -> list[redis.Redis]:
        """A client of each server that has keys of its own."""
        if not self.cluster:
            return [self.client]
        return [self.client.get_redis_connection(node) for node in self.client.get_primaries()]

    def close(self) -> None:
        self.client.close()

    @property
    def ttl_ms(self) -> int:
        return int(self.lifetimes.totals * 1000)

    @property
    def mark_ms(self) -> int:
        return int(self.lifetimes.mark * 1000)


@contextlib.contextmanager
def kept_alive(renew: Callable[[], Any], every: float) -> Iterator[None]:
    """Call `renew` every so many seconds until the block ends. What it raises is left to the block's own calls."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(every):
            try:
                renew()
            except Exception:
                return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def new_mark() -> str:
    """A name that nobody else has."""
    return secrets.token_hex(9)


def shown(url: str) -> str:
    """The URL without user and password, for people."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not a URL)"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}" if parts.scheme else "(not a URL)"


def _redis_url(url: str) -> str:
    """redis-py knows Redis's schemes only."""
    for theirs, ours in (("valkey://", "redis://"), ("valkeys://", "rediss://")):
        if url.startswith(theirs):
            return ours + url.removeprefix(theirs)
    return url
