"""Telling the cache what a refresh of the totals has counted anew."""

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from entity_metrics.serving.keys import CURSOR, PREFIX, USERS, USERS_CURSOR, buckets_of
from entity_metrics.serving.reader import totals_state
from entity_metrics.serving.store import Cache

BATCH = 10_000
CURSOR_MS = 30 * 24 * 3600 * 1000
"""How long the cache knows what it was told. One that does not know is emptied."""


def tell_cache(clickhouse: Client, database: str, cache: Cache) -> tuple[int, str | None]:
    """Take out of the cache what was counted since the last time that this was called; all, if nobody knows when that was.
    All users go if user_totals was refreshed.

    Returns how many entities (or keys, if all) and users were taken out, and `counted_at` of the last time; None where all were
    taken out. A refresh that is under way is told the next time, too. Raises what clickhouse-connect and redis-py raise.
    """
    table = f"{quote_identifier(database)}.counted_entities"
    before = totals_state(clickhouse, quote_identifier(database))
    made = clickhouse.query(
        "select toString(uuid) from system.tables where database = {database:String} and name = 'counted_entities'",
        parameters={"database": database},
    ).result_rows[0][0]
    newest = clickhouse.query(f"select toString(max(counted_at)) from {table}").result_rows[0][0]
    known, _, since = str(cache.client.get(CURSOR) or "").partition(" ")
    if known != made:  # a full refresh made the table anew: entities that are gone are not in it
        since = ""
        taken = cache.clear()
    else:
        taken = _invalidate(clickhouse, table, since, cache)
    _, is_refreshing, *_ = after = totals_state(clickhouse, quote_identifier(database))
    if before == after and not is_refreshing:
        cache.client.set(CURSOR, f"{made} {newest}", px=CURSOR_MS)
    return taken + tell_users(clickhouse, database, cache), since or None


def tell_users(clickhouse: Client, database: str, cache: Cache) -> int:
    """Take all users out of the cache if user_totals was refreshed since the last time that this was called, since each has
    another score or rank then. Returns how many. Raises what clickhouse-connect and redis-py raise.
    """
    there = clickhouse.query(
        "select count() from system.tables where database = {database:String} and name = 'user_totals'",
        parameters={"database": database},
    ).result_rows[0][0]
    if not there:
        return 0
    newest = clickhouse.query(f"select toString(max(refreshed_at)) from {quote_identifier(database)}.user_totals").result_rows[0][
        0
    ]
    if cache.client.get(USERS_CURSOR) == newest:
        return 0
    taken = cache.clear(f"{USERS}:")
    cache.client.set(USERS_CURSOR, newest, px=CURSOR_MS)
    return taken


def _invalidate(clickhouse: Client, table: str, since: str, cache: Cache) -> int:
    buckets = f"concat('{buckets_of(PREFIX + ':#:')}', toString(toInt64(floor(entity_id / 1000))))"
    batches = clickhouse.query(
        f"select arrayConcat(groupArray(concat('{PREFIX}:', entity_type, ':', toString(entity_id))),"
        f" groupArrayIf(concat('{USERS}:', toString(entity_id)), entity_type = 'User')),"
        f" groupUniqArray(replaceOne({buckets}, '#', entity_type))"
        f" from (select distinct entity_type, entity_id from {table} where counted_at > {{since:DateTime64(6, 'UTC')}}"
        " order by entity_type, entity_id)"
        f" group by intDiv(rowNumberInAllBlocks(), {BATCH})",
        parameters={"since": since},
    ).result_rows
    return sum(cache.invalidate_cached(keys, names) for keys, names in batches)
