"""What ClickHouse says: totals of entities as of now."""

import contextlib
import datetime
import queue
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

BATCH = 1000
"""Ids of one query."""

LOOKS = 3
"""How often a query is repeated because a refresh of the totals came between."""

Totals = dict[str, int]
"""Totals by quantity."""

SqlInState = Callable[[tuple[Any, ...]], str]
"""A query that depends on how far the totals have been counted."""

LIVE_USER_METRICS = (
    "followerCount",
    "followingCount",
    "hiddenCount",
    "tippedCount",
    "tippedAmount",
    "tipsGivenCount",
    "tipsGivenAmount",
)
"""Columns of user_totals that are totals of the entity type User, too, and so are known as of now."""

USER_METRICS = (
    *LIVE_USER_METRICS,
    "uploadCount",
    "modelCount",
    "postCount",
    "imageCount",
    "reactionsReceived",
    "downloadsReceived",
    "generationsReceived",
    "articleCount",
    "bountyCount",
    "reviewCount",
    "engagementScore",
    "rank",
)
"""Columns of user_totals that are served."""

_WHOLE = {
    "engagementScore": "toInt64(engagementScore * 10000)",
    "rank": "ifNull(rank, 0)",
    "version": "toUnixTimestamp64Micro(refreshed_at)",
}
"""What is no whole number of its own, as one."""


class Reader:
    """Queries ClickHouse on one or several connections, each for one query at a time; threads may share it."""

    def __init__(self, clickhouse: Client | Sequence[Client], database: str) -> None:
        """
        Args:
            clickhouse: connections of clickhouse-connect. An HTTP connection must not be in a session that others use.
            database: of the models, such as `entity_metrics`.
        """
        self._database = quote_identifier(database)
        self._free: queue.LifoQueue[Client] = queue.LifoQueue()
        for client in [clickhouse] if isinstance(clickhouse, Client) else clickhouse:
            self._free.put(client)
        self._state = TotalsState(self._database)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Client]:
        client = self._free.get()
        try:
            yield client
        finally:
            self._free.put(client)

    def entity_totals(self, entity_type: str, ids: Sequence[int]) -> dict[int, Totals]:
        """The totals of entities that have any, as the sums of their events now. Raises what clickhouse-connect raises."""
        return self._in_batches(self._sql_of_totals, {"entity_type": entity_type}, ids)

    def _sql_of_totals(self, state: tuple[Any, ...]) -> str:
        chosen = "where entity_type = {entity_type:String} and entity_id in {ids:Array(Int32)}"
        if are_counted(state):
            return f"select entity_id, totals from {self._database}.counted_totals {chosen}"
        return (
            "select entity_id, cast((groupArray(quantity), groupArray(total)), 'Map(LowCardinality(String), Int64)') as totals"
            f" from {totals_in(self._database, state)} {chosen} group by entity_id"
            " settings optimize_move_to_prewhere_if_final = 1"  # the ids first, then the totals of those granules alone
        )

    def user_image_reactions(self, user_id: int, ids: Sequence[int]) -> dict[int, Totals]:
        """The flags of a user's reactions to images, under the name `flags`."""
        sql = (
            f"select image_id, map('flags', toInt64(flags)) from {self._database}.user_image_reactions"
            " where user_id = {user_id:Int32} and image_id in {ids:Array(Int32)}"
        )
        return self._in_batches(sql, {"user_id": user_id}, ids)

    def user_metrics(self, ids: Sequence[int]) -> dict[int, dict[str, int | float]]:
        """The columns of user_totals that are not zero, and under `version` which refresh they are of, in microseconds."""
        names = (*USER_METRICS, "version")
        columns = ", ".join(_WHOLE.get(name, f"toInt64({name})") for name in names)
        sql = f"select user_id, [{columns}] from {self._database}.user_totals where user_id in {{ids:Array(Int32)}}"
        found: dict[int, dict[str, int | float]] = {}
        for user_id, values in self._in_batches(sql, {}, ids).items():
            found[user_id] = {name: value for name, value in zip(names, values, strict=True) if value}
            if "engagementScore" in found[user_id]:
                found[user_id]["engagementScore"] /= 10_000
        return found

    def users_now(self, ids: Sequence[int]) -> dict[int, dict[str, int | float]]:
        """As user_metrics, with LIVE_USER_METRICS as of now, also of users who are not in user_totals yet."""
        found, live = self.user_metrics(ids), self.entity_totals("User", ids)
        return {
            i: {name: value for name, value in found.get(i, {}).items() if name not in LIVE_USER_METRICS}
            | {name: value for name, value in live.get(i, {}).items() if name in LIVE_USER_METRICS and value}
            for i in found.keys() | live.keys()
        }

    def engagement_score(self, user_id: int, until: datetime.date, days: int) -> float:
        """What the day `until` and so many days before it are worth for a user's content, as days and owners are now."""
        values = {"user_id": user_id, "until": until, "since": until - datetime.timedelta(days)}
        sql = (
            f"select toFloat64(sum(engagementScore)) from {self._database}.user_metric_days"
            " where user_id = {user_id:Int32} and day between {since:Date} and {until:Date}"
        )
        with self._connection() as client:
            return client.query(sql, parameters=values).result_rows[0][0]

    def _in_batches(self, sql: str | SqlInState, values: dict[str, Any], ids: Sequence[int]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        with self._connection() as client:
            for first in range(0, len(ids), BATCH):
                found.update(self._rows(client, sql, values | {"ids": list(ids[first : first + BATCH])}))
        return found

    def _rows(self, client: Client, sql: str | SqlInState, values: dict[str, Any]) -> list[tuple[int, Any]]:
        """The query's rows. One that depends on the state is asked again if a step of a refresh came between."""
        if isinstance(sql, str):
            return client.query(sql, parameters=values).result_rows
        rows, _ = self._state.read(client, lambda state: client.query(sql(state), parameters=values).result_rows)
        return rows


class TotalsState:
    """How far the totals have been counted, read only if it may have changed. Threads may share it."""

    def __init__(self, database: str) -> None:
        """database: of the models, quoted."""
        self._database = database
        self._known: tuple[Any, tuple[Any, ...]] = (None, ())

    def read(self, client: Client, ask: Callable[[tuple[Any, ...]], Any]) -> tuple[Any, bool]:
        """What `ask` returns for a state, asked again where a step of a refresh came between; and whether none did at last.

        The state is as somebody has seen it, which was before. Raises what clickhouse-connect and `ask` raise.
        """
        for _ in range(LOOKS):
            state = self._known[1] or self.now(client)
            found = ask(state)
            if self.now(client) == state:
                return found, True
        return found, False

    def now(self, client: Client) -> tuple[Any, ...]:
        """As totals_state. Raises what clickhouse-connect raises."""
        fingerprint = client.query(f"select fingerprint from {self._database}.totals_fingerprint").result_rows[0]
        known, state = self._known
        if fingerprint != known:
            state = totals_state(client, self._database)
            self._known = fingerprint, state  # what changed in between is seen by whoever asks next
        return state


def totals_state(client: Client, database: str) -> tuple[Any, ...]:
    """How far the totals have been counted. database: quoted."""
    columns = "uncounted_months, is_refreshing, is_refreshing_all, version"
    return client.query(f"select {columns} from {database}.totals_state").result_rows[0]


def are_counted(state: tuple[Any, ...]) -> bool:
    """Whether the totals are those of all events."""
    months, is_refreshing, _, _ = state
    return not months and not is_refreshing


def totals_in(database: str, state: tuple[Any, ...]) -> str:
    """SQL that gives the totals as of now, if the state is what it is at the query's beginning and end."""
    months, is_refreshing, is_refreshing_all, _ = state
    if are_counted(state):
        return f"{database}.metric_totals"
    return (
        f"{database}.totals_in_state(uncounted_months = {list(months)}, is_refreshing = {int(is_refreshing)},"
        f" is_refreshing_all = {int(is_refreshing_all)})"
    )
