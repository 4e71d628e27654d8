"""Users in the cache: the columns of user_totals, followers as of now, and nothing left of an older refresh."""

import asyncio
import datetime
import json

from entity_metrics.serving import AsyncEntityMetrics
from entity_metrics.serving.check import Check
from entity_metrics.serving.keys import user_key
from entity_metrics.serving.reader import USER_METRICS
from entity_metrics.serving.refresh import tell_cache, tell_users
from harness import EVENTS, Project
from serving import Valkey, client, close_clients, metrics, recorder
from users import BUILT, DATABASE, USERS, VARS, refresh

__all__ = ["BUILT", "VARS"]
"""What the fixture `built` asks this module for."""

JOB = "source_events"


def of_table(project: Project, user_id: int) -> dict[str, float]:
    """A user's columns that are not zero."""
    [row] = project.rows(f"select {', '.join(USER_METRICS)} from {USERS} where user_id = {user_id}")
    return {name: float(value) for name, value in zip(USER_METRICS, row, strict=True) if value}


def test_users_in_the_cache(built: Project, valkey: Valkey, tmp_path) -> None:
    built.dbt_here("run", "--select", "lookups", "--vars", VARS)
    cache = valkey.cache()
    lookups = metrics(built, cache)
    ids = [row[0] for row in built.rows(f"select user_id from {USERS} order by rank limit 40")] + [900009]
    found = lookups.get_user_metrics(ids)
    assert not found.unknown and found[900009] == {}
    for user in ids[:-1]:
        assert found[user] == of_table(built, user)
    first, second = ids[:2]
    assert lookups.get_user_rank(first) == 1 and lookups.get_user_rank(900009) is None
    window = (datetime.date(2024, 6, 30), 30)
    assert round(lookups.calculate_engagement_score(first, *window), 4) == found[first].get("engagementScore", 0)
    assert asyncio.run(AsyncEntityMetrics(lookups).get_user_rank(second)) == 2
    assert 0 < cache.client.pttl(user_key(first)) <= 3_600_000, "an hour, and not longer by reading"
    assert lookups.get_user_metrics(ids).totals == found.totals, "as cached"

    # A follow is there at once, in the hash itself; an upload after the next refresh.
    followers = lookups.get_user_follower_count(first)
    cache.client.pexpire(user_key(first), 100_000)
    with recorder(built, tmp_path, cache) as recording:
        recording.record_follow(second, first, None, "Follow")
        recording.record_upload("Post", 912345, first)
    assert lookups.get_user_follower_count(first) == followers + 1
    assert int(cache.client.hget(user_key(first), "followerCount")) == followers + 1
    assert cache.client.pttl(user_key(first)) <= 100_000, "and not longer by writing"
    now = lookups.get_user_metrics([first])[first]
    assert (now["followerCount"], now["postCount"]) == (followers + 1, found[first]["postCount"])

    # The check compares what is of this refresh, and is seen red.
    def differing() -> int:
        return Check(client(built), DATABASE, cache, pauses=(0.02,)).run().differing

    assert tell_users(client(built), DATABASE, cache) >= 40, "nobody knew of which refresh they were"
    lookups.get_user_metrics(ids)
    assert differing() == 0
    assert tell_users(client(built), DATABASE, cache) == 0
    for column in ("postCount", "followerCount"):
        cache.client.hincrby(user_key(first), column, 1)
        assert differing() == 1
        lookups.invalidate("User", [first])
        lookups.get_user_metrics([first])
        assert differing() == 0
    cache.client.hset(user_key(first), mapping={"followerCount": 7, "postCount": 7, "version": 1})
    assert differing() == 1, "of an older refresh followers are compared, too"
    cache.client.hdel(user_key(first), "followerCount")
    assert differing() == 1, "one that is not there is 0"
    cache.client.hset(user_key(first), "rank", "-3")
    assert lookups.get_user_rank(first) == -3, "as cached"
    lookups.invalidate_users([first])
    assert lookups.get_user_rank(first) == 1
    assert differing() == 0

    # A publishing of followers: whom it counted anew is taken out.
    tell_cache(client(built), DATABASE, cache)
    lookups.get_user_metrics(ids)
    built.rows(f"insert into {EVENTS} values ('User', {first}, 7, 'followerCount', 1, now(), 1)")
    built.dbt_here("run", "--select", "totals", "--vars", VARS)
    assert differing() == 1
    tell_cache(client(built), DATABASE, cache)
    assert lookups.get_user_metrics([first])[first]["followerCount"] == followers + 2
    assert differing() == 0

    # After a refresh all are of that one.
    built.rows(f"alter table {DATABASE}.stg_post update userId = {first} where userId != {first}")
    refresh(built, "totals")
    assert differing() == 0, "of an older refresh only followers, hiding and tips are compared"
    assert tell_users(client(built), DATABASE, cache) >= 40
    after = lookups.get_user_metrics(ids)
    assert after[first]["postCount"] > found[first]["postCount"]
    assert {user: after[user] for user in ids[:-1]} == {user: of_table(built, user) for user in ids[:-1]}
    assert differing() == 0

    valkey.stop()
    assert lookups.get_user_metrics([first])[first] == after[first], "ClickHouse is asked where the cache is away"
    valkey.start()
    close_clients()
    printed = built.command("get", "User", str(first), "--output", "json", ENTITY_METRICS_CACHE_URL=valkey.url).output
    assert json.loads(printed[printed.index("{\n") :])["totals"] == {str(first): after[first]}
    built.rows(f"drop table {USERS}")
    assert "run `dbt build --select user_totals`" in built.command("get", "User", "1", ok=False).output
