"""Lookups of users: what user_totals says of them, and what the events say of their followers and tips now."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from entity_metrics.project import project_var
from entity_metrics.serving import keys
from entity_metrics.serving.kinds import Kind
from entity_metrics.serving.reader import LIVE_USER_METRICS, Reader, Totals


class UserLookups:
    """Methods of EntityMetrics. Followers, hiding and tips are as of now, as all totals are; what a user's content got, the score
    and the rank are of a refresh of user_totals in the last hour, and of the latest once the cache was told of it."""

    _reader: Reader
    cache: Any

    def _get_each(self, kinds: Sequence[Kind], ids: list[int]) -> list[Any]:
        raise NotImplementedError

    def _entities(self, entity_type: str) -> Kind:
        raise NotImplementedError

    def get(self, entity_type: str, ids: Iterable[int]) -> Any:
        raise NotImplementedError

    def get_user_metrics(self, ids: Iterable[int]) -> Any:
        """What a user shows, by id: the columns of user_totals; one that is not named is 0, and a user without `rank` has none.

        Returns a Found. Raises EntityMetricsError for what is no id.
        """
        found, live = self._get_each([self._users(), self._entities("User")], keys.checked_ids(ids))
        totals = {}
        for i, counted in found.totals.items():
            if i in live.totals:
                totals[i] = dict(counted)
                _set_live(totals[i], live.totals[i])
        return type(found)(totals, found.unknown | live.unknown)

    def get_user_follower_count(self, user_id: int) -> int:
        """How many follow a user now. Raises KeyError where nothing is known now."""
        return self.get("User", [user_id])[user_id].get("followerCount", 0)

    def get_user_rank(self, user_id: int) -> int | None:
        """A user's rank; None for one who has none. Raises KeyError where nothing is known now."""
        return self.get_user_metrics([user_id])[user_id].get("rank")

    def calculate_engagement_score(self, user_id: int, until: datetime.date | None = None, days: int | None = None) -> float:
        """A user's score from the days of the content that is the user's now, which `user_totals` has as of its last refresh.

        until: the last day in UTC; days: so many before it; the vars engagement_date and engagement_days if None. Asks
        ClickHouse; raises what clickhouse-connect raises.
        """
        given = project_var("engagement_date")
        last = until or (datetime.date.fromisoformat(given) if given else datetime.datetime.now(datetime.UTC).date())
        return self._reader.engagement_score(user_id, last, project_var("engagement_days") if days is None else days)

    def invalidate_users(self, ids: Iterable[int]) -> None:
        """Have users read anew when they are asked for. Raises Unavailable if the cache is down."""
        if self.cache:
            self.cache.invalidate([keys.user_key(i) for i in ids])

    def _users(self) -> Kind:
        return Kind("users", keys.user_key, self._reader.user_metrics, life="users")


def _set_live(shown: Totals, live: Totals) -> None:
    """Of what a user shows, what is known as of now, instead of what was."""
    shown.pop("version", None)
    for name in LIVE_USER_METRICS:
        if value := live.get(name):
            shown[name] = value
        else:
            shown.pop(name, None)
