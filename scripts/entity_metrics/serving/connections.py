"""Opening lookups, recorders and the cache: by the dbt profile and the environment, or by connections of the application."""

import os
from pathlib import Path

import redis
from clickhouse_connect.driver.client import Client

from entity_metrics import PROJECT, embedded_valkey
from entity_metrics.errors import EntityMetricsError
from entity_metrics.explain import hide_secrets
from entity_metrics.project import project_var
from entity_metrics.serving.counters import Counters
from entity_metrics.serving.lookups import EntityMetrics
from entity_metrics.serving.reader import Reader
from entity_metrics.serving.recorder import EventRecorder
from entity_metrics.serving.store import Away, Cache, Lifetimes, shown
from entity_metrics.serving.writer import Writer
from entity_metrics.target import Target

URL, CLUSTER = "ENTITY_METRICS_CACHE_URL", "ENTITY_METRICS_CACHE_CLUSTER"
"""The environment variables that say where the cache is, and whether that is a node of a cluster."""

SAMPLE = PROJECT / ".sample_site" / "valkey"
"""Folder of the sample site's Valkey, which is the cache where no variable names one."""


def cache_url() -> str | None:
    """Where the cache is; None if there is none."""
    return os.environ.get(URL) or (embedded_valkey.url(SAMPLE) if embedded_valkey.is_running(SAMPLE) else None)


def open_cache(lifetimes: Lifetimes | None = None, timeout: float = 2.0) -> Cache | None:
    """The cache; None if there is none. Nothing is connected yet. Raises EntityMetricsError for a URL that is none."""
    url = cache_url()
    cluster = os.environ.get(CLUSTER, "").lower() in ("1", "true", "yes")
    lifetimes = lifetimes or Lifetimes(totals=float(project_var("cache_ttl")))
    return Cache(url, cluster, lifetimes, timeout) if url else None


def required_cache(timeout: float = 30.0) -> Cache:
    """The cache, which answers and knows functions. Raises EntityMetricsError where it does not, or where there is none."""
    cache = open_cache(timeout=timeout)
    if cache is None:
        raise EntityMetricsError(
            f"There is no cache: name one by {URL}, or start the sample site by `entity-metrics sample start`."
        )
    try:
        cache.load()
    except Exception as ex:
        raise unreachable(ex) from None
    return cache


def unreachable(error: Exception) -> EntityMetricsError:
    """What a person is told where the cache cannot be used, without its password."""
    where = shown(cache_url() or "")
    if isinstance(error, redis.AuthenticationError) or str(error).startswith(("WRONGPASS", "NOAUTH", "NOPERM")):
        return EntityMetricsError(f"The cache {where} refuses the user or the password in {URL}.")
    if isinstance(error, redis.RedisError) and "unknown command" in str(error):
        return EntityMetricsError(f"The cache {where} has no functions: it must be Valkey, or Redis 7 or later.")
    if isinstance(error, redis.exceptions.ClusterError | redis.exceptions.RedisClusterException):
        return EntityMetricsError(f"The cache {where} is no cluster, or not all of one: see {CLUSTER}.")
    if isinstance(error, redis.exceptions.OutOfMemoryError):
        return EntityMetricsError(f"The memory of the cache {where} is full: raise its maxmemory, or let it evict keys.")
    if isinstance(error, Away):
        return EntityMetricsError(f"The cache {where} cannot be reached: start it, or name another by {URL}.", transient=True)
    return EntityMetricsError(f"The cache {where} cannot be used: {hide_secrets(str(error))}")


def clickhouse(target: Target) -> Client:
    """The connection of clickhouse-connect in a target, for one query at a time."""
    return target.client._client


def open_metrics(target: Target, cache: Cache | None = None, counters: Counters | None = None) -> EntityMetrics:
    """Lookups on the connection of a target, which nobody else uses meanwhile."""
    return EntityMetrics(Reader(clickhouse(target), target.database), cache, counters)


def open_recorder(target: Target, folder: Path, cache: Cache | None = None, counters: Counters | None = None) -> EventRecorder:
    """A recorder on the connection of a target, which nobody else uses meanwhile. folder: where events wait."""
    database = project_var("event_database") or target.database
    writer = Writer(clickhouse(target), database, project_var("event_table"), target.database)
    return EventRecorder(writer, folder, cache, counters)
