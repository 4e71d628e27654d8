"""Filling the cache in bulk: ClickHouse writes the Redis protocol, this process moves bytes.

A fill gives the buckets of a range of ids its name, asks ClickHouse, and sends what came: transactions for parts of a bucket,
each of which stores hashes and then calls `end_bulk` (see bulk.lua). A write begins (its writer is registered beside the hash),
comes into ClickHouse, renames the bucket, and ends (adds to the hash if the writer is still registered). So, whatever comes
between:

- The bucket is renamed between the fill's naming and its transaction: nothing of it stays.
- It is renamed before the fill's naming: the query has the event. A write that ended before the transaction changed a hash that
  is replaced. One that has not ended is registered still, and the hash goes; if it is not believed any more it will not add.
- It is renamed after the transaction, and the write had begun before it: it is registered, and the hash goes.
- It is renamed after the transaction, and the write begins after it: the query lacks the event, and the write adds it. A writer
  that is killed takes the hash with it, since it was there when the write began.

So no hash is left beside a write that was in progress. Such hashes are left to lookups; a bucket that was renamed is tried again.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from entity_metrics.errors import EntityMetricsError
from entity_metrics.serving.keys import BUCKET, buckets_of, hashes_of, outcome_key
from entity_metrics.serving.lookups import EntityMetrics
from entity_metrics.serving.reader import Reader, TotalsState, totals_in
from entity_metrics.serving.store import FUNCTION, Cache, new_mark

RANGE = 50_000
"""Entities of one query."""

TOGETHER = 100
"""Neighbouring ids, at most, of one transaction: a part of a bucket. Other clients wait for its end."""

PIECE = 1 << 18
"""Bytes that are sent at a time."""

TRIES = 3
"""How often a bucket is tried in which writes end meanwhile."""

EXEC = b"*1\r\n$4\r\nEXEC\r\n"


@dataclass
class Filled:
    """kept: hashes that were stored; left: those left to lookups, since they were written to meanwhile."""

    kept: int = 0
    left: int = 0


@dataclass
class _Range:
    """Ids of one query, and the numbers of the buckets that they are in."""

    first: int
    last: int
    buckets: list[int]
    fill: str = field(default_factory=new_mark)


class BulkFill:
    """Fills the hashes of whole entity types. One at a time; not for several threads."""

    def __init__(self, clickhouse: Client, database: str, cache: Cache) -> None:
        """clickhouse: a connection that nobody else uses meanwhile; database: of the models."""
        self._client, self._cache = clickhouse, cache
        self._names, self._database = database, quote_identifier(database)
        self._state = TotalsState(self._database)

    def fill(self, entity_type: str, since: str | None = None) -> Filled:
        """Store the hashes of all entities of a type that have totals.

        since: only those that a refresh has counted after this time, as `counted_at` is written. Raises EntityMetricsError for
        a type that the registry does not know or a cache that is full, and what clickhouse-connect and redis-py raise.
        """
        hashes_of(entity_type)
        if self._cache.cluster:
            return self._fill_by_lookups(entity_type, since)
        filled = Filled()
        ranges = self._plan(entity_type, since)
        for last in [False] * (TRIES - 1) + [True]:
            refused: list[int] = []
            with ThreadPoolExecutor(1) as clickhouse:
                ahead = clickhouse.submit(self._commands, entity_type, ranges[0], since) if ranges else None
                for i, part in enumerate(ranges):
                    commands = ahead.result()
                    if i + 1 < len(ranges):
                        ahead = clickhouse.submit(self._commands, entity_type, ranges[i + 1], since)
                    refused += self._send(entity_type, part, commands, filled)
            ranges = [_Range(min(refused) * BUCKET, (max(refused) + 1) * BUCKET - 1, refused)] if refused else []
            if last or not refused:
                break
        filled.left += self._count(entity_type, ranges)
        return filled

    def _plan(self, entity_type: str, since: str | None) -> list[_Range]:
        """Ranges of ids with about as many entities each."""
        rows = self._client.query(
            "with buckets as ("
            f"select toInt64(floor(entity_id / {BUCKET})) as bucket, count() as entities"
            f" from {self._database}.counted_entities where entity_type = {{entity_type:String}} and {_counted(since)}"
            " group by bucket),"
            f" parts as (select bucket, intDiv(sum(entities) over (order by bucket) - entities, {RANGE}) as part from buckets)"
            f" select min(bucket) * {BUCKET}, max(bucket) * {BUCKET} + {BUCKET - 1}, groupArray(bucket)"
            " from parts group by part order by part",
            parameters={"entity_type": entity_type, "since": since},
        ).result_rows
        return [_Range(*row) for row in rows]

    def _commands(self, entity_type: str, part: _Range, since: str | None) -> bytes:
        self._name(entity_type, part)
        return self._read(entity_type, part, since)

    def _name(self, entity_type: str, part: _Range) -> None:
        """Give the buckets the fill's name."""
        prefix = buckets_of(hashes_of(entity_type))
        self._cache.call("begin_bulk", [f"{prefix}{bucket}" for bucket in part.buckets], [part.fill, self._cache.mark_ms])

    def _read(self, entity_type: str, part: _Range, since: str | None) -> bytes:
        """The protocol's text for a range, with no step of a refresh while it was made."""
        parameters = {
            "entity_type": entity_type,
            "first": part.first,
            "last": part.last,
            "hashes": hashes_of(entity_type),
            "bucket_prefix": buckets_of(hashes_of(entity_type)),
            "fill": part.fill,
            "outcome": outcome_key(part.fill),
            "mark": str(self._cache.mark_ms),
            "ttl": str(self._cache.ttl_ms),
        }
        text, is_right = self._state.read(
            self._client,
            lambda state: self._client.raw_query(
                _sql(self._database, state, part.buckets, since), parameters=parameters | {"since": since}, fmt="RawBLOB"
            ),
        )
        if is_right:
            return text
        raise EntityMetricsError("The totals were refreshed again and again meanwhile: fill the cache when that is over.", True)

    def _send(self, entity_type: str, part: _Range, commands: bytes, filled: Filled) -> list[int]:
        """Send the commands, wait for no reply, and add the outcome to `filled`. Returns the buckets that were refused."""
        pool = self._cache.client.connection_pool
        connection = pool.get_connection()
        try:
            connection.send_command("CLIENT", "REPLY", "OFF")
            view = memoryview(commands)
            connection.send_packed_command([view[at : at + PIECE] for at in range(0, len(view), PIECE)])
            connection.send_command("CLIENT", "REPLY", "ON")
            connection.read_response()
        finally:
            connection.disconnect()
            pool.release(connection)
        outcome = self._cache.client.hgetall(outcome_key(part.fill))
        if int(outcome.pop("batches", 0)) != commands.count(EXEC):
            raise EntityMetricsError(f"The cache at {self._cache.where} refused hashes: its memory may be full (maxmemory).")
        filled.kept += int(outcome.pop("kept", 0))
        filled.left += int(outcome.pop("left", 0))
        return [int(bucket.rpartition(":")[2]) for bucket in outcome]

    def _count(self, entity_type: str, ranges: Sequence[_Range]) -> int:
        """Entities of ranges that were refused to the end."""
        return sum(
            self._client.query(
                f"select uniqExact(entity_id) from {self._database}.counted_entities"
                f" where entity_type = {{entity_type:String}} and {_in_buckets(part.buckets)}",
                parameters={"entity_type": entity_type},
            ).result_rows[0][0]
            for part in ranges
        )

    def _fill_by_lookups(self, entity_type: str, since: str | None) -> Filled:
        """On a cluster, whose servers each have their part of a bucket."""
        filled = Filled()
        lookups = EntityMetrics(Reader(self._client, self._names), self._cache)
        for ids in self._ids(entity_type, since):
            found = lookups.get(entity_type, ids)
            if found.unknown:
                raise EntityMetricsError(f"ClickHouse could not be asked: {lookups.failure}", True)
            filled.kept += len(found.totals)
        return filled

    def _ids(self, entity_type: str, since: str | None) -> Iterator[list[int]]:
        rows = self._client.query(
            f"select groupArray(entity_id) from (select distinct entity_id from {self._database}.counted_entities final"
            f" where entity_type = {{entity_type:String}} and {_counted(since)} order by entity_id)"
            " group by intDiv(rowNumberInAllBlocks(), 1000)",
            parameters={"entity_type": entity_type, "since": since},
        ).result_rows
        return (ids for (ids,) in rows)


def _counted(since: str | None) -> str:
    return "counted_at > {since:DateTime64(6, 'UTC')}" if since else "true"


def _in_buckets(buckets: Sequence[int]) -> str:
    return f"toInt64(floor(entity_id / {BUCKET})) in ({', '.join(map(str, buckets))})"


def _argument(text: str) -> str:
    """SQL that gives a text as the protocol has it: its length, and itself."""
    return f"'$', toString(length({text})), '\\r\\n', {text}, '\\r\\n'"


def _totals(database: str, state: tuple[Any, ...], buckets: Sequence[int], since: str | None) -> str:
    """SQL: entity_id, quantities and values of each entity of a range, as of now.

    They are as they were counted, in one row, but for entities with events that were not counted yet: these are summed, which
    takes ten times as long.
    """
    months, is_refreshing, is_refreshing_all, _ = state
    in_range = "entity_type = {entity_type:String} and entity_id between {first:Int64} and {last:Int64}"
    wanted = f"{in_range} and {_in_buckets(buckets)}"
    entities = f"select entity_id from {database}.counted_entities where {wanted} and {_counted(since)}"
    touched = f"{wanted} and entity_id in ({entities})" if since else wanted
    counted = (
        "select entity_id, arrayMap(name -> toString(name), mapKeys(totals)) as quantities,"
        " arrayMap(found -> toString(found.1), mapValues(totals)) as values"
        f" from {database}.counted_entities final where {touched} and notEmpty(totals)"
    )
    summed = (
        "select entity_id, groupArray(toString(quantity)) as quantities, groupArray(toString(total)) as values"
        f" from {totals_in(database, state)} where {touched}"
    )
    if is_refreshing_all:
        return f"{summed} group by entity_id"
    if not months and not is_refreshing:
        return counted
    uncounted = (
        f"select entity_id from {database}.entity_metric_events where {wanted} and toYYYYMM(created_at, 'UTC') in {list(months)}"
        f" union all select entity_id from {database}.counted_days where {wanted} and toYYYYMM(day) in {list(months)}"
        f" union all select entity_id from {database}.touched_entities where {wanted} and {int(is_refreshing)}"
    )
    return f"{counted} and entity_id not in ({uncounted}) union all {summed} and entity_id in ({uncounted}) group by entity_id"


def _sql(database: str, state: tuple[Any, ...], buckets: Sequence[int], since: str | None) -> str:
    """A row for each transaction: MULTI, UNLINK of what is there, HSET and PEXPIRE of each hash, FCALL of end_bulk, EXEC.

    One thread: the other processors are the cache's.
    """
    call = [f"'{FUNCTION}end_bulk'", "'2'", "bucket_key", "{outcome:String}", "{fill:String}", "{mark:String}"]
    return f"""
        with hashes as (
            select
                concat({{hashes:String}}, toString(entity_id)) as hash,
                concat({_argument("hash")}) as name,
                concat('{{', hash, '}}:state') as state,
                toInt64(floor(entity_id / {BUCKET})) as bucket,
                entity_id - {BUCKET} * bucket as number,
                length(quantities) as fields,
                arrayStringConcat(arrayMap(
                    (quantity, value) -> concat({_argument("quantity")}, {_argument("value")}), quantities, values
                )) as pairs
            from ({_totals(database, state, buckets, since)})
        )
        select concat(
            '*1\\r\\n$5\\r\\nMULTI\\r\\n*', toString(1 + count()), '\\r\\n$6\\r\\nUNLINK\\r\\n',
            arrayStringConcat(groupArray(name)),
            arrayStringConcat(groupArray(concat(
                '*', toString(2 + 2 * fields), '\\r\\n$4\\r\\nHSET\\r\\n', name, pairs,
                '*3\\r\\n$7\\r\\nPEXPIRE\\r\\n', name, {_argument("{ttl:String}")}
            ))),
            '*', toString(1 + {len(call)} + count()), '\\r\\n$5\\r\\nFCALL\\r\\n',
            {", ".join(_argument(text) for text in call)},
            arrayStringConcat(groupArray(concat({_argument("state")}))),
            '*1\\r\\n$4\\r\\nEXEC\\r\\n'
        )
        from (select *, concat({{bucket_prefix:String}}, toString(bucket)) as bucket_key from hashes)
        group by bucket_key, intDiv(number, {TOGETHER})
        settings max_threads = 1
    """
