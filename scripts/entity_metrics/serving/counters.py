"""Counters for Prometheus."""

import functools

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram


class Counters:
    """What lookups and recorders count. registry: of the endpoint that shows it; the process's own by default."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        prefix = "entity_metrics_"
        by_type = ["entity_type"]
        self.hits = Counter(prefix + "hits", "Entities found in the cache.", by_type, registry=registry)
        self.misses = Counter(prefix + "misses", "Entities not found in the cache.", by_type, registry=registry)
        self.unknown = Counter(prefix + "unknown", "Entities of which nothing could be said.", by_type, registry=registry)
        self.waits = Counter(prefix + "waits", "Waits of an entity for another reader's query.", by_type, registry=registry)
        self.failures = Counter(prefix + "failures", "Calls that failed.", ["server"], registry=registry)
        self.fill_seconds = Histogram(
            prefix + "fill_seconds", "Duration of a query of ClickHouse for what was not cached.", by_type, registry=registry
        )
        self.recorded = Counter(prefix + "recorded", "Events written into ClickHouse.", by_type, registry=registry)
        self.repeated = Counter(prefix + "repeated", "Events left out, since their id was recorded before.", registry=registry)
        self.kept = Gauge(prefix + "kept_events", "Events on disk that are not in ClickHouse yet.", registry=registry)
        self.filled = Counter(prefix + "filled", "Hashes stored by filling in bulk.", by_type, registry=registry)
        self.invalidated = Counter(prefix + "invalidated", "Keys taken out after a refresh of the totals.", registry=registry)
        self.looks = Counter(prefix + "looks", "Looks of `follow`, by exit code.", ["code"], registry=registry)
        self.drift = Gauge(prefix + "drift", "Cached entities that differed at the last check.", registry=registry)

    @classmethod
    @functools.cache
    def of_process(cls) -> "Counters":
        """Those in the process's own registry, made once."""
        return cls()
