"""Counters for an application: lookups, a cache that cannot drift, a recorder of live events."""

from entity_metrics.serving.asynchronous import AsyncEntityMetrics
from entity_metrics.serving.lookups import EntityMetrics, Found
from entity_metrics.serving.recorder import EventRecorder

__all__ = ["AsyncEntityMetrics", "EntityMetrics", "EventRecorder", "Found"]
