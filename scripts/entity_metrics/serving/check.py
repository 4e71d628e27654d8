"""Comparing every cached key with the totals."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from entity_metrics.serving.keys import PREFIX, USERS, entity_types
from entity_metrics.serving.reader import LIVE_USER_METRICS, USER_METRICS
from entity_metrics.serving.store import Cache

PAUSES = (0.5, 1.5, 4.0)
"""Seconds after which what differs is looked at again before it counts: a write may be on its way."""

EXAMPLES = 10
BATCH = 1000
PIECE = 8_000_000
"""Bytes of an insert, about."""

ENTITY = f"^{PREFIX}:([A-Za-z]+):(-?[0-9]{{1,10}})$"
REACTIONS = "^reactions:(-?[0-9]{1,10}):(-?[0-9]{1,10})$"
LIVE = ", ".join(f"'{name}'" for name in LIVE_USER_METRICS)
USER = f"^{USERS}:(-?[0-9]{{1,10}})$"


@dataclass
class Problem:
    """Keys with one fault. examples: some of them; with their values where these differ."""

    what: str
    keys: int
    examples: list[dict[str, Any]]


@dataclass
class Checked:
    """read_at: UTC; compared: keys; differing: those that differ from the totals; problems: all that is wrong."""

    read_at: str
    compared: int
    differing: int
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Nothing is wrong, and something was compared."""
        return self.compared > 0 and not self.problems

    def document(self) -> dict[str, Any]:
        return asdict(self)


class Check:
    """One comparison. It leaves the table `cached_totals`, which says what was cached, and in its comment when that was."""

    def __init__(self, clickhouse: Client, database: str, cache: Cache, pauses: Sequence[float] = PAUSES) -> None:
        """clickhouse: a connection that nobody else uses meanwhile; database: of the models; pauses: before each further look."""
        self._client, self._cache, self._pauses = clickhouse, cache, pauses
        self._database = quote_identifier(database)
        self._keys = f"{self._database}.cached_keys"
        self._has_users = False

    def run(self) -> Checked:
        """Read all keys, compare them, look again at those that differ. Raises what clickhouse-connect and redis-py raise."""
        self._client.command(
            f"create or replace table {self._keys} (look UInt8, key String, kind LowCardinality(String), ttl Int64,"
            " field LowCardinality(String), value String) engine = MergeTree order by (look, key)"
        )
        read_at = self._value("select toString(now('UTC'))")
        self._has_users = bool(self._value(f"exists table {self._database}.user_totals"))
        self._insert(self._cache.scan("scan_dump", 0))
        look, suspects = 0, self._differing(0)
        for look, pause in enumerate(self._pauses, start=1):
            if not suspects:
                break
            time.sleep(pause)
            self._insert(self._dump(suspects, look))
            suspects = self._differing(look)
        checked = Checked(read_at, self._value(f"select count() from ({self._known_keys(0)})"), len(suspects))
        if suspects:
            checked.problems.append(Problem("differ from the totals", len(suspects), self._examples(look)))
        for what, condition in _faults().items():
            [(count, examples)] = self._rows(
                f"select uniqExact(key), groupUniqArray({EXAMPLES})(key) from {self._keys} where look = 0 and {condition}"
            )
            if count:
                checked.problems.append(Problem(what, count, [{"key": key} for key in sorted(examples)]))
        self._keep(read_at)
        self._client.command(f"drop table {self._keys}")
        return checked

    def _dump(self, keys: list[str], look: int) -> Iterable[str]:
        for first in range(0, len(keys), BATCH):
            yield from self._cache.call("dump", keys[first : first + BATCH], [look])

    def _insert(self, texts: Iterable[str]) -> None:
        """The text that the cache's functions wrote, as it is."""
        waiting: list[str] = []
        size = 0
        for text in texts:
            waiting.append(text)
            size += len(text)
            if size > PIECE:
                self._flush(waiting)
                waiting, size = [], 0
        self._flush(waiting)

    def _flush(self, texts: list[str]) -> None:
        block = "".join(texts).encode()
        if block:
            self._client.raw_insert(self._keys, insert_block=block, fmt="TabSeparated")

    def _known_keys(self, look: int) -> str:
        """Of a look: entities that the registry knows, reactions and users, also where nothing of them is compared but zeros."""
        return f"select distinct key from {self._keys} where look = {look} and kind in ('hash', 'absent') and {_is_known()}"

    def _known(self, look: int) -> str:
        """Of a look: the hashes and absences of entities that the registry knows, the flags of reactions, and of users what is as
        of now, and the rest where it is of the last refresh of user_totals, each field once."""
        return (
            f"select key, field, any(if(kind = 'absent', 0, toDecimal128OrNull(value, 4))) as cached from {self._keys}"
            f" where look = {look} and kind in ('hash', 'absent') and {_is_known()} and field != 'version'"
            f" and (not match(key, '{USER}') or field in ('', {LIVE}) or key in ({self._users_of_now(look)})) group by key, field"
        )

    def _users_of_now(self, look: int) -> str:
        if not self._has_users:
            return "select ''"
        return (
            f"select key from {self._keys} where look = {look} and field = 'version' and value ="
            f" (select toString(toUnixTimestamp64Micro(max(refreshed_at))) from {self._database}.user_totals)"
        )

    def _user_totals(self, look: int) -> str:
        """What is of the last refresh of known users, as the lookups have it."""
        if not self._has_users:
            return "select '', '', toDecimal128(0, 4), toDecimal128(0, 4) where false"
        names = [name for name in USER_METRICS if name not in LIVE_USER_METRICS]
        pairs = ", ".join(f"('{name}', toDecimal128(ifNull({name}, 0), 4))" for name in names)
        return (
            f"select concat('{USERS}:', toString(user_id)), pair.1, toDecimal128(0, 4), pair.2 from {self._database}.user_totals"
            f" array join [{pairs}] as pair"
            f" where user_id in (select toInt32OrNull(extract(key, '{USER}')) from ({self._users_of_now(look)}))"
        )

    def _differences(self, look: int) -> str:
        known = self._known_keys(look)
        entity = f"extractGroups(key, '{ENTITY}')"
        pair = f"extractGroups(key, '{REACTIONS}')"
        return f"""
            select key, field, sum(cached) as in_cache, sum(total) as in_totals
            from (
                select key, field, cached, toDecimal128(0, 4) as total from ({self._known(look)})
                union all
                {self._user_totals(look)}
                union all
                select concat('{USERS}:', toString(entity_id)), toString(quantity), 0, total
                from {self._database}.current_totals
                where entity_type = 'User' and quantity in ({LIVE})
                    and entity_id in (select toInt32(extract(key, '{USER}')) from ({known}) where match(key, '{USER}'))
                union all
                select concat('{PREFIX}:', entity_type, ':', toString(entity_id)), toString(quantity), 0, total
                from {self._database}.current_totals
                where entity_id in (select toInt32({entity}[2]) from ({known}) where match(key, '{ENTITY}'))
                    and (toString(entity_type), entity_id) in (
                        select {entity}[1], toInt32({entity}[2]) from ({known}) where match(key, '{ENTITY}')
                    )
                union all
                select concat('reactions:', toString(user_id), ':', toString(image_id)), 'flags', 0, toInt64(flags)
                from {self._database}.user_image_reactions
                where (user_id, image_id) in (
                    select toInt32({pair}[1]), toInt32({pair}[2]) from ({known}) where match(key, '{REACTIONS}')
                )
            )
            group by key, field
            having in_cache != in_totals or in_cache is null
        """

    def _differing(self, look: int) -> list[str]:
        [(keys,)] = self._rows(f"select groupUniqArray(key) from ({self._differences(look)})")
        return sorted(keys)

    def _examples(self, look: int) -> list[dict[str, Any]]:
        rows = self._rows(f"{self._differences(look)} order by key, field limit {EXAMPLES}")
        return [
            {"key": key, "field": name, "cached": f"{_shown(cached)} in the cache,", "total": f"{_shown(total)} in the totals"}
            for key, name, cached, total in rows
        ]

    def _keep(self, read_at: str) -> None:
        """What was cached, as it was looked at last. An entity whose absence is cached has a row without a quantity."""
        entity = f"extractGroups(key, '{ENTITY}')"
        self._client.command(
            f"create or replace table {self._database}.cached_totals"
            " (entity_type String, entity_id Int32, quantity String, total Int64)"
            f" engine = MergeTree order by (entity_type, entity_id, quantity) comment '{read_at}'"
            f" as select {entity}[1] as entity_type, toInt32({entity}[2]) as entity_id, field as quantity,"
            " any(toInt64OrZero(value)) as total"
            f" from {self._keys} where kind in ('hash', 'absent') and {_is_known()} and match(key, '{ENTITY}')"
            f" and (key, look) in (select key, max(look) from {self._keys} group by key)"
            " group by key, field"
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self._client.query(sql).result_rows)

    def _value(self, sql: str) -> Any:
        return self._rows(sql)[0][0]


def _shown(value: Decimal | None) -> str:
    """A count without decimals, a score with its own."""
    return "nothing" if value is None else f"{value.normalize():f}"


def _is_known() -> str:
    types = ", ".join(f"'{name}'" for name in sorted(entity_types()))
    return (
        f"(match(key, '{REACTIONS}') or match(key, '{USER}') or extractGroups(key, '{ENTITY}')[1] in ({types})"
        f" and toInt32OrNull(extractGroups(key, '{ENTITY}')[2]) is not null)"
    )


def _faults() -> dict[str, str]:
    """What is wrong whatever the totals say, and the condition that finds it."""
    return {
        "live for ever": "ttl = -1",
        "are of no entity type of the registry": f"kind != 'beside' and not {_is_known()}",
        "are no hashes": f"kind not in ('hash', 'absent', 'beside', 'none') and {_is_known()}",
        "hold what is no whole number": (
            f"kind = 'hash' and toInt64OrNull(value) is null and {_is_known()} and field != 'engagementScore'"
        ),
    }
