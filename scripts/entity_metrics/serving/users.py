"""Lookups of users: what user_totals says of them, and what the events say of their followers and tips now."""

import datetime
from collections.abc import Iterable
from typing import Any

from entity_metrics.project import project_var
from entity_metrics.serving import keys
from entity_metrics.serving.kinds import Kind
from entity_metrics.serving.reader import Reader


class UserLookups:
    """Methods of EntityMetrics. Followers, hiding and tips are as of now, as all totals are; what a user's content got, the score
    and the rank are of a refresh of user_totals in the last hour, and of the latest once the cache was told of it."""

    _reader: Reader
    cache: Any

    def _get(self, kind: Kind, ids: list[int]) -> Any:
        raise NotImplementedError

    def get(self, entity_type: str, ids: Iterable[int]) -> Any:
        raise NotImplementedError

    def get_user_metrics(self, ids: Iterable[int]) -> Any:
        """What a user shows, by id: the columns of user_totals; one that is not named is 0, and a user without `rank` has none.

        Returns a Found. Raises EntityMetricsError for what is no id.
        """
        users = Kind("users", keys.user_key, self._reader.users_now, life="users")
        found = self._get(users, keys.checked_ids(ids))
        totals = {i: dict(fields) for i, fields in found.totals.items()}
        for shown in totals.values():
            shown.pop("version", None)
        return type(found)(totals, found.unknown)

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
