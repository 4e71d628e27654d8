"""User totals: as Postgres has them, in proportion to what changed, and each of their checks seen red."""

import datetime

import pytest

from harness import EVENTS, Project
from users import (
    AUDIT,
    BUILT,
    COLUMNS,
    DATABASE,
    PUBLISHED,
    STAGED,
    UNTIL,
    USERS,
    VARS,
    as_postgres_has_them,
    record,
    refresh,
    refresh_users,
    users_by_postgres,
    versions,
)

__all__ = ["BUILT", "VARS"]
"""What the fixture `built` asks this module for."""

JOB = "source_events"


@pytest.fixture(autouse=True)
def recorded(project: Project) -> None:
    """Where downloads and generations are written down that a test puts into the event table."""
    project.postgres("create table recorded (model int, version int, metric text, value int, at text)")


def test_as_postgres_has_them_then_after_all_has_changed(built: Project) -> None:
    """All users, all columns, ranks and days; moved and deleted content, banned, deleted and new users, unfollows, ties."""
    pairs = versions(built, 8)
    at = "2024-06-20 12:00:00"
    record(built, *((m, v, "downloadCount", 3, at) for m, v in pairs), *((m, v, "generationCount", 2, at) for m, v in pairs[:3]))
    record(built, (*pairs[0], "downloadCount", -1, "2024-06-21 12:00:00"), (*pairs[1], "downloadCount", 5, "2023-06-21 12:00:00"))
    refresh(built, "totals")
    users = as_postgres_has_them(built)
    assert all(any(row[n] for row in users) for n in range(1, len(users[0]) - 3) if n != 20), "each column has something"
    unranked = [row[0] for row in users if row[-1] is None]
    assert -1 in unranked and len(unranked) > 10
    scores = [(row[-2], row[12]) for row in users if row[-1]]
    assert len(set(scores)) < len(scores) - 20, "there are ties"
    built.dbt_here("run", "--full-refresh", "--select", "user_totals", "--vars", VARS)
    assert built.rows(f"select {COLUMNS} from {USERS} order by user_id") == users, "the same in two runs"

    built.postgres("""
        update "Model" set "userId" = -1 where id % 7 = 1; update "Model" set "userId" = 3 where id % 7 = 2;
        update "Model" set "deletedAt" = '2024-06-01', status = 'Deleted' where id % 7 = 3;
        update "Image" set "userId" = 5 where id % 9 = 1; update "Post" set "userId" = 5 where id % 9 = 2;
        delete from "Image" where id % 9 = 3; delete from "Post" where id % 9 = 4; delete from "ModelVersion" where id % 9 = 5;
        delete from "Article" where id % 9 = 6; update "BountyEntry" set "userId" = null where id % 9 = 7;
        update "User" set "bannedAt" = '2024-06-01' where id % 11 = 2; update "User" set "bannedAt" = null where id % 11 = 4;
        update "User" set "deletedAt" = '2024-06-01' where id % 11 = 3;
        delete from "UserEngagement" where "userId" % 5 = 1; update "UserEngagement" set type = 'Hide' where "userId" % 5 = 2;
        insert into "User" values (900001), (900002);
        insert into "Post" (id, "userId", "createdAt") values (900001, 900001, '2024-06-02')
    """)
    built.dbt_here("run", "--select", *(f"stg_{name}" for name in STAGED), *PUBLISHED, "totals", "--vars", VARS)
    done = built.dbt_here("build", "--select", "user_totals", "--vars", VARS)
    assert done.that("pass") >= {"engagement_by_hand", "ranks_in_order", "user_totals_equal_totals"}
    users = as_postgres_has_them(built)
    assert {900001, 900002} <= {row[0] for row in users}
    assert built.dbt_here("test", "--select", "user_totals", "--vars", VARS).that("warn") == {"content_has_owner"}


def test_a_refresh_counts_who_was_touched(built: Project) -> None:
    """By events, a new owner on both sides, content that went; a window that moves without events; a killed one is made good."""
    assert refresh_users(built, "totals") == []
    (model, version), (other, _) = versions(built, 2)
    owner, second = (built.value(f"select userId from {DATABASE}.stg_model where id = {one}") for one in (model, other))
    record(built, (model, version, "downloadCount", 40, "2024-06-01 00:00:00"))
    assert refresh_users(built, "totals") == [owner]
    assert built.value(f"select rank from {USERS} where user_id = {owner}") == 1

    # A day is in the window for 31 days, and no event says when it leaves it.
    score = f"select engagementScore from {USERS} where user_id = {owner}"
    whole = built.value(score)
    for until in ("2024-07-01", "2024-07-02"):
        refresh(built, variables=VARS.replace(UNTIL, until))
        assert built.rows(f"select user_id from {DATABASE}.touched_users") == []
        users = built.rows(f"select {COLUMNS} from {USERS} order by user_id")
        assert users == users_by_postgres(built, until)
    refresh(built, variables=f"{VARS[:-1]}, engagement_days: 28}}")
    assert built.value(score) <= whole - 40

    # A new owner, and content that goes.
    built.rows(f"alter table {DATABASE}.stg_model update userId = {second} where id = {model}")
    image, of_image = built.rows(f"select id, userId from {DATABASE}.stg_image where userId > 0 order by id limit 1")[0]
    built.rows(f"create table {DATABASE}.kept as {DATABASE}.stg_image")
    built.rows(f"insert into {DATABASE}.kept select * from {DATABASE}.stg_image where id = {image}")
    built.rows(f"delete from {DATABASE}.stg_image where id = {image}")
    assert refresh_users(built) == sorted({owner, second, of_image})
    assert built.value(f"select downloadsReceived from {USERS} where user_id = {second}") == 40
    assert built.value(score) <= whole - 40

    # Killed between the count and the exchange of the table, or before what it was counted by was written down.
    built.rows(f"alter table {DATABASE}.stg_model update userId = {owner} where id = {model}")
    built.rows(f"insert into {DATABASE}.stg_image select * from {DATABASE}.kept")
    built.dbt_here("run", "--select", "user_scores", "--vars", VARS)
    assert refresh_users(built) == sorted({owner, second, of_image})
    many = built.value(f"select count() from {DATABASE}.stg_user")
    for lost in ("modify comment ''", "update totals_until = totals_until + interval 1 day where true"):
        built.rows(f"alter table {DATABASE}.counted_users {lost}")
        assert len(refresh_users(built)) == many, lost
    built.rows(f"delete from {DATABASE}.counted_users where user_id = {owner}")
    assert refresh_users(built) == [owner]
    assert built.rows(f"select {COLUMNS} from {USERS} order by user_id") == users_by_postgres(built, UNTIL)


def problems(project: Project, test: str, name: str = "name") -> set[tuple[object, ...]]:
    return set(project.rows(f"select {name}, problem from {AUDIT}.{test} where problem != ''"))


def test_each_check_is_seen_red(built: Project) -> None:
    """Sums, users, scores, ranks, owners and what differs from the legacy table: each is named."""
    record(built, *((m, v, "downloadCount", 3, "2024-06-20 12:00:00") for m, v in versions(built, 3)))
    refresh(built, "totals")
    built.rows(f"create table {DATABASE}.sound engine = MergeTree order by user_id as select * from {USERS}")
    built.rows(f"drop view {USERS}")
    built.rows(f"create table {USERS} as {DATABASE}.sound")
    built.rows(f"insert into {USERS} select * from {DATABASE}.sound")
    first = built.value(f"select user_id from {USERS} where rank = 1")
    second = built.value(f"select user_id from {USERS} where rank = 2")
    banned = built.value(f"select min(user_id) from {USERS} where rank is null and user_id > 0")

    def red(change: str, *tests: str) -> None:
        """Break the table, look, and mend it."""
        built.rows(change)
        found = built.dbt_here("test", "--select", "user_totals", "--vars", VARS, ok=None)
        assert found.that("fail", "error") == set(tests), (change, found.errors)
        built.rows(f"truncate table {USERS}")
        built.rows(f"insert into {USERS} select * from {DATABASE}.sound")

    update = f"alter table {USERS} update"
    red(f"{update} followerCount = followerCount + 1 where user_id = {first}", "user_totals_equal_totals")
    assert problems(built, "user_totals_equal_totals") == {("followerCount", "sums differ")}
    red(
        f"{update} postCount = postCount + if(user_id = {first}, 1, -1) where user_id in ({first}, {second})",
        "user_totals_equal_totals",
    )
    assert problems(built, "user_totals_equal_totals") == {("postCount", "users differ")}
    red(f"{update} uploadCount = 0 where user_id > 0", "user_totals_equal_totals")
    red(f"{update} engagementScore = engagementScore + 0.1 where user_id = {first}", "user_totals_equal_totals")
    assert problems(built, "user_totals_equal_totals") == {("engagementScore", "sums differ")}
    red(f"delete from {USERS} where user_id = {banned}", "user_totals_equal_totals")
    assert ("users", "sums differ") in problems(built, "user_totals_equal_totals")

    ranks = "ranks_in_order"
    red(f"{update} rank = 3 - rank where user_id in ({first}, {second})", ranks)
    assert problems(built, ranks, "user_id") == {(first, "comes after a lower one")}
    red(f"{update} rank = null where user_id = {second}", ranks)
    assert (second, "has no rank") in problems(built, ranks, "user_id")
    red(f"{update} rank = 1 where user_id = {second}", ranks)
    assert "a gap or a tie" in {problem for _, problem in problems(built, ranks, "user_id")}
    red(f"{update} rank = (select max(rank) + 1 from {USERS}) where user_id = {banned}", ranks)
    assert problems(built, ranks, "user_id") == {(banned, "is deleted, banned, no user or the site itself")}

    # A comparison of nothing.
    built.rows(f"create table {DATABASE}.users as {DATABASE}.stg_user")
    built.rows(f"insert into {DATABASE}.users select * from {DATABASE}.stg_user")
    built.rows(f"truncate table {DATABASE}.stg_user")
    built.rows(f"truncate table {USERS}")
    found = built.dbt_here("test", "--select", "user_totals", "--vars", VARS, ok=False)
    assert found.that("fail") == {"user_totals_equal_totals"}

    # A table, as an older version of the project left it, gives way to the view.
    built.rows(f"insert into {DATABASE}.stg_user select * from {DATABASE}.users")
    refresh(built)
    assert built.rows(f"select {COLUMNS} from {USERS} order by user_id") == users_by_postgres(built, UNTIL)


def test_content_without_an_owner(built: Project) -> None:
    """Entries without an author, content of nobody who is a user, and totals of content that went: a warning names them."""
    said = f"select entity_type, problem, entities, sample_entity_ids from {AUDIT}.content_has_owner order by all"
    test = ("test", "--select", "content_has_owner", "--vars", VARS)
    assert built.dbt_here(*test).that("warn") == {"content_has_owner"}
    found = {row[:2]: row[2:] for row in built.rows(said)}
    entries = built.postgres("""select count(*) from "BountyEntry" where "userId" is null""")[0][0]
    assert found["BountyEntry", "has no owner"][0] == entries
    built.rows(f"alter table {DATABASE}.stg_post update userId = 1900000000 where id = 1")
    built.rows(f"delete from {DATABASE}.stg_image where id in (1, 2)")
    built.dbt_here(*test)
    now = {row[:2]: row[2:] for row in built.rows(said)}
    gone = found.get(("Image", "has totals, and is gone"), (0, []))[0]
    assert now["Post", "its owner is no user"] == (1, [1]) and now["Image", "has totals, and is gone"][0] == gone + 2
    for name in ("post", "image", "article", "bounty_entry", "model", "model_version"):
        built.rows(f"truncate table {DATABASE}.stg_{name}")
    built.rows(f"truncate table {DATABASE}.counted_entities")
    assert built.dbt_here(*test).that("warn") == set(), "content that there is not lacks no owner"


def test_beside_user_metric(built: Project) -> None:
    """Audited: of metric tables all are equal, but for events of others; of packages nearly all; the rest by definition."""
    exact = VARS.replace("'*': source_events", "User: metric_tables")
    classes = ("equal", "newer", "overcounted", "only_legacy", "only_here", "different")

    def audited(variables: str, *red: str) -> dict[str, dict[str, object]]:
        """Columns of UserMetric, by name. red: tests that must fail."""
        done = built.dbt_here("build", "--select", "audit_users", "--vars", variables, ok=None)
        assert done.that("fail", "error") == set(red), done.errors
        names = ("legacy_column", *classes, "agreement", "reason", "problem", "worst")
        return {
            row[0]: dict(zip(names, row, strict=True))
            for row in built.rows(f"select {', '.join(names)} from {DATABASE}.audit_users")
        }

    def of(found: dict[str, object]) -> dict[object, object]:
        return {name: found[name] for name in classes if found[name]}

    found = audited(exact)
    having = dict(
        built.postgres("""select 'f', count(*) from "UserMetric" where timeframe = 'AllTime' and "followerCount" <> 0""")
    )
    assert of(found["followerCount"]) == {"equal": having["f"]}
    for name in ("followerCount", "followingCount", "hiddenCount", "reviewCount"):
        assert set(of(found[name])) == {"equal"} and found[name]["agreement"] == "equal", name
    for name, reason in (("uploadCount", "published versions"), ("reactionCount", "leaves out reactions to one's own")):
        assert found[name]["different"] and found[name]["agreement"] == "by definition" and reason in str(found[name]["reason"])
        assert found[name]["newer"] == 0, "no event is of another writer"
    by_packages = audited(VARS)
    assert of(by_packages["followerCount"]) == of(found["followerCount"])

    # An event of another writer: first the totals lack it, then they have it. A user who is here alone, one who is there alone.
    user, other = (row[0] for row in built.rows(f"select user_id from {USERS} where followerCount > 0 order by user_id limit 2"))
    built.rows(f"insert into {EVENTS} values ('User', {user}, 9, 'followerCount', 1, now(), 2)")
    for rooms in ((), ("totals",), ("totals", "user_totals")):
        if rooms:
            built.dbt_here("run", "--select", *rooms, "--vars", exact)
        found = audited(exact)
        lags = {"equal": having["f"]} if "user_totals" not in rooms else {"equal": having["f"] - 1, "newer": 1}
        assert of(found["followerCount"]) == lags, rooms
    staged = f"{DATABASE}.stg_user_metrics"
    built.rows(f"delete from {staged} where userId = {other}")
    built.rows(f"insert into {staged} select * replace (777777 as userId) from {staged} where followerCount > 0 limit 1")
    found = audited(exact)
    assert of(found["followerCount"]) == {"equal": having["f"] - 2, "newer": 1, "only_legacy": 1, "only_here": 1}

    # More in the legacy table, less in it.
    built.rows(f"alter table {staged} update hiddenCount = hiddenCount + 1 where userId = {user}")
    found = audited(exact, "users_as_in_user_metric")
    assert found["hiddenCount"]["different"] == 1 and found["hiddenCount"]["problem"] == "users differ"
    assert user in [worst["entity_id"] for worst in found["hiddenCount"]["worst"]]
    assert audited(VARS)["hiddenCount"]["overcounted"] == 1
    document = built.command("audit", "--only", "User.hiddenCount", "--counted-from", "User=metric_tables", ok=False).output
    assert "hiddenCount  hiddenCount" in document
    assert "UserMetric.hiddenCount and user_totals: users differ, as of" in document
    kept = built.command("cutover", "--table", "UserMetric", ok=False).output
    assert "UserMetric stays: hiddenCount differ in user_totals" in kept
    assert "UserMetric is equal in user_totals: followerCount, followingCount, hiddenCount, reviewCount." in kept
    assert "UserMetric.reactionCount is user_totals.reactionsReceived by definition: legacy counts more kinds" in kept

    # What was counted, or has events, since user_totals was built.
    built.rows(f"alter table {staged} update hiddenCount = hiddenCount + 1 where userId = {other + 1}")
    built.rows(f"insert into {EVENTS} values ('User', {user}, 9, 'tippedCount', 1, now(), 2)")
    built.dbt_here("run", "--select", "totals", "--vars", exact)
    built.rows(f"insert into {EVENTS} values ('User', {other + 1}, 9, 'hiddenCount', 1, now(), 2)")
    assert audited(exact)["hiddenCount"]["newer"] == 2

    built.rows(f"alter table {staged} update followerCount = followerCount + 1 where userId % 2 = 0")
    found = audited(VARS, "users_as_in_user_metric")
    assert found["followerCount"]["problem"] == "too few users are equal"
    built.rows(f"drop table {staged}")
    assert audited(VARS) == {}


def test_uploads_that_go_or_move(built: Project) -> None:
    """Appended: -1 when one goes or is deleted, and -1 and +1 where it has another owner."""
    (author,), (owner,) = built.postgres("""select "userId" from "Post" where id in (1, 2) order by id""")
    former = built.postgres("""select "userId" from "Model" where id = 6""")[0][0]
    built.postgres("""
        delete from "Post" where id = 1; update "Post" set "userId" = 5 where id = 2;
        update "Model" set "deletedAt" = now() where id = 6 """)
    appending = f"{VARS[:-1]}, publish_strategy: append}}"
    uploads = ["model_upload", "post_upload"]
    built.dbt("run", "--select", "stg_model", "stg_post", *uploads, *(f"{name}_events" for name in uploads), "--vars", appending)
    today = datetime.datetime.now(datetime.UTC).date()
    added = f"select entityType, entityId, userId, metricValue from {EVENTS} where toDate(createdAt) = '{today}' order by all"
    wanted = [("Model", 6, former, -1), ("Post", 1, author, -1), ("Post", 2, owner, -1), ("Post", 2, 5, 1)]
    assert built.rows(added) == sorted(wanted)
    refresh(built, "totals")
    counts = f"select sum(modelCount), sum(postCount) from {USERS}"
    assert built.rows(counts) == built.postgres("""
        select (select count(*) from "Model" where "deletedAt" is null), (select count(*) from "Post")""")


def test_what_is_missing_is_named(connected: Project) -> None:
    def said(*command: str) -> str:
        return connected.dbt_here(*command, "--vars", VARS, ok=False).errors[0]

    assert "stg_model` to know users and owners by: pull it first" in said("build", "--select", "user_totals")
    staged = [f"stg_{name}" for name in ("user", "model", "model_version", "post", "image", "article", "bounty_entry")]
    connected.dbt_here("run", "--select", *staged)
    assert "counted_entities` to count users by: build it first" in said("build", "--select", "user_totals")
    connected.rows(f"alter table {DATABASE}.engagement_weights modify comment 'another'")
    assert "engagement_weights` is not what seeds/engagement_weights.csv says now" in said("run", "--select", "user_scores")
    connected.rows(f"insert into {DATABASE}.engagement_weights values ('Image', 'Hart', 1, ''), ('Image', '*', 1, '')")
    found = connected.dbt_here("test", "--select", "metrics", "engagement_weights", ok=False)
    assert found.that("fail") >= {"unique_engagement_weights", "engagement_weights_are_of_quantities"}
