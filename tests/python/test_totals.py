"""Totals from events: what they say, what a refresh touches, and each of their checks seen red."""

import datetime

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from harness import EVENTS, Nodes, Project

JOB = "source_events"
BUILT = "bounty_metrics tag_metrics +tag_engagement"
VARS = "{counted_from: {Tag: source_events}, source_events_cutoff: null}"
AUDIT = "entity_metrics_dbt_test__audit"
DATABASE = "entity_metrics"
TOTALS = f"{DATABASE}.metric_totals"


def put(project: Project, *events: str) -> None:
    """Insert events: (entityType, entityId, userId, metricType, metricValue, createdAt, version), the time in SQL."""
    project.rows(f"insert into {EVENTS} values {', '.join(events)}")


def refresh(project: Project, ok: bool | None = True) -> Nodes:
    return project.dbt_here("build", "--select", "totals", ok=ok)


def begin(project: Project) -> None:
    """An event table with some history: three entities, both names of a quantity, a removal, and one event of today."""
    project.create_event_table()
    put(
        project,
        "('Image', 1, 7, 'Like', 1, '2023-01-31 23:59:59', 1)",
        "('Image', 1, 8, 'Like', 1, '2023-02-01 00:00:00', 1)",
        "('Image', 1, -1, 'ReactionLike', 5, '2025-01-21 00:00:00', 3)",
        "('Image', 1, 7, 'ReactionLike', -1, now() - interval 40 day, 2)",
        "('Image', 1, 9, 'Like', 1, now(), 2)",
        "('Image', 2, 7, 'commentCount', 1, '2023-02-10 12:00:00', 1)",
        "('Image', 2, 7, 'commentCount', -1, '2023-02-10 13:00:00', 2)",
        "('Bounty', 1, -1, 'unitAmount', 2000000000, '2025-01-21 00:00:00', 3)",
        "('Bounty', 1, 3, 'unitAmount', 2000000000, '2025-01-21 10:00:00', 2)",
    )
    project.dbt_here("run", "--select", "event_table")
    refresh(project)


def totals(project: Project) -> list[tuple[object, ...]]:
    return project.rows(f"select entity_type, entity_id, quantity, total, events from {TOTALS} order by all")


def sums(project: Project) -> list[tuple[object, ...]]:
    """The same by the shortest way."""
    return project.rows(
        "select entity_type, entity_id, quantity, sum(metric_value), count()"
        f" from {DATABASE}.entity_metric_events group by all order by all"
    )


def last_refresh(project: Project) -> tuple[list[int], int]:
    """The months and the number of entities that the last refresh with something to do counted anew."""
    months, entities = project.rows(f"select months, entities from {DATABASE}.refresh_log order by refreshed_at desc limit 1")[0]
    return sorted(months), entities


def test_what_the_views_say(connected: Project) -> None:
    """By hand, on UTC days, over both names; a sum of zero is there, and one above Int32 whole."""
    begin(connected)
    today = datetime.datetime.now(datetime.UTC).date()
    assert (
        totals(connected)
        == sums(connected)
        == [
            ("Bounty", 1, "unitAmount", 4_000_000_000, 2),
            ("Image", 1, "Like", 7, 5),
            ("Image", 2, "commentCount", 0, 2),
        ]
    )
    days = connected.rows(
        f"select day, total from {DATABASE}.metric_days where entity_type = 'Image' and entity_id = 1 order by day"
    )
    assert days == [
        (datetime.date(2023, 1, 31), 1),
        (datetime.date(2023, 2, 1), 1),
        (datetime.date(2025, 1, 21), 5),
        (today - datetime.timedelta(40), -1),
        (today, 1),
    ]
    timeframes = connected.rows(
        f"select day, week, month, year, all_time from {DATABASE}.metric_timeframes where quantity = 'Like' and entity_id = 1"
    )
    assert timeframes == [(1, 1, 1, 0, 7)]
    wide = f"select Like, commentCount, unitAmount, viewCount from {DATABASE}.entity_totals order by entity_type, entity_id"
    assert connected.rows(wide) == [(0, 0, 4_000_000_000, 0), (7, 0, 0, 0), (0, 0, 0, 0)]
    looked_up = (
        f"dictGet('{DATABASE}.entity_totals_dictionary', ('Like', 'unitAmount'), (arrayJoin(['Image', 'Bounty', 'Tag']), 1))"
    )
    assert connected.rows(f"select untuple({looked_up})") == [(7, 0), (0, 4_000_000_000), (0, 0)]
    assert connected.rows(f"select last_event, counted_at > now() - 600 from {TOTALS} where entity_type = 'Bounty'") == [
        (datetime.datetime(2025, 1, 21, 10), 1)
    ]


def test_a_refresh_touches_what_changed(connected: Project) -> None:
    """Inserts, back-dated ones too, deletes, attached parts, emptied and vanished months; merges alone change nothing."""
    begin(connected)
    parts = (
        "select name, modification_time from system.parts where database = 'entity_metrics' and table = 'built_days' and active"
    )
    before = connected.rows(f"{parts} order by all")
    assert last_refresh(connected)[1] == 3
    counted = connected.rows(f"select max(counted_at) from {TOTALS}")
    refresh(connected)
    assert connected.rows(f"{parts} order by all") == before, "nothing had changed"
    assert connected.rows(f"select max(counted_at) from {TOTALS}") == counted

    put(connected, "('Image', 2, 9, 'Like', 1, '2023-01-05 00:00:00', 1)", "('Post', 5, 9, 'Like', 3, '2023-01-05 00:00:00', 1)")
    refresh(connected)
    assert last_refresh(connected) == ([202301], 2)
    assert totals(connected) == sums(connected)
    assert len(set(before) & set(connected.rows(parts))) == len(before) - 1, "other months stay as they are"

    connected.rows(f"optimize table {EVENTS} final")
    refresh(connected)
    months, entities = last_refresh(connected)
    assert (len(months), entities) == (5, 0), "built anew, and found to be the same"

    connected.rows(f"delete from {EVENTS} where entityType = 'Post'")
    connected.rows(f"create table {DATABASE}.more as {EVENTS}")
    connected.rows(f"insert into {DATABASE}.more values ('Image', 9, 1, 'Cry', 1, '2022-12-31 23:00:00', 1)")
    connected.rows(f"alter table {EVENTS} attach partition id '202212' from {DATABASE}.more")
    connected.rows(f"alter table {EVENTS} drop partition id '202501'")
    connected.rows(f"delete from {EVENTS} where createdAt >= '2023-02-01' and createdAt < '2023-03-01'")
    refresh(connected)
    months, entities = last_refresh(connected)
    assert (months, entities) == ([202212, 202301, 202302, 202501], 5)
    assert totals(connected) == sums(connected)
    assert {row[:2] for row in totals(connected)} == {("Image", 1), ("Image", 2), ("Image", 9)}, "Post 5 and Bounty 1 are gone"
    refresh(connected)
    assert last_refresh(connected) == (months, entities), "nothing had changed"

    put(connected, "('Bounty', 1, 1, 'unitAmount', 5, '2025-01-02 00:00:00', 2)")
    connected.rows(f"truncate table {EVENTS}")
    put(connected, "('Bounty', 1, 1, 'unitAmount', 5, '2025-01-02 00:00:00', 2)")
    assert refresh(connected).that("fail", "error") == set()
    assert totals(connected) == sums(connected) == [("Bounty", 1, "unitAmount", 5, 1)]


def test_a_refresh_that_was_killed(connected: Project) -> None:
    """After the days, in the midst of the totals, or before the months were kept as counted: the next refresh makes it good."""
    begin(connected)
    put(connected, "('Image', 1, 9, 'Like', 1, '2023-01-05 00:00:00', 1)", "('Image', 3, 9, 'Cry', 1, '2023-01-05 00:00:00', 1)")
    connected.rows(f"create table {DATABASE}.kept as {DATABASE}.counted_days")
    connected.rows(f"alter table {DATABASE}.kept attach partition id '202301' from {DATABASE}.counted_days")
    connected.dbt_here("run", "--select", "built_days")
    refresh(connected)
    assert totals(connected) == sums(connected)

    connected.rows(f"alter table {DATABASE}.counted_days replace partition id '202301' from {DATABASE}.kept")
    connected.rows(f"delete from {DATABASE}.counted_entities where entity_id = 3")
    refresh(connected)
    assert last_refresh(connected) == ([202301], 2)
    assert totals(connected) == sums(connected)

    # The clock went back.
    connected.rows(
        f"insert into {DATABASE}.counted_entities select * replace (counted_at + interval 1 day as counted_at)"
        f" from {DATABASE}.counted_entities"
    )
    connected.rows(f"create table {DATABASE}.built_days__dbt_new_data_dead (id UInt8) engine = MergeTree order by id")
    put(connected, "('Image', 1, 9, 'Like', 1, '2023-01-06 00:00:00', 1)")
    refresh(connected)
    assert totals(connected) == sums(connected)
    assert connected.rows("select count() from system.tables where name like '%new\\_data%'") == [(0,)], "what a killed run left"


def problems(project: Project, test: str) -> set[tuple[object, ...]]:
    return set(project.rows(f"select problem from {AUDIT}.{test} where problem != ''"))


def compared(project: Project) -> set[tuple[object, ...]]:
    """What `totals_equal_days` found wrong, by comparison."""
    return set(project.rows(f"select comparison, problem from {AUDIT}.totals_equal_days where problem != ''"))


def test_each_check_is_seen_red(connected: Project) -> None:
    """Wrong sums, equal sums of wrong keys, a key too many, one missing, wrong views, an empty dictionary: each is named."""
    begin(connected)
    put(connected, "('Image', 4, 9, 'Like', 3, '2023-01-05 00:00:00', 1)", "('Image', 5, 9, 'Like', 3, '2023-01-05 00:00:00', 1)")
    refresh(connected)
    assert not connected.dbt_here("test", "--select", "totals").that("fail", "warn", "error")

    def red(*tests: str) -> None:
        found = connected.dbt_here("test", "--select", "totals", ok=None)
        assert found.that("fail", "error") == set(tests), found.errors

    days, entities = f"{DATABASE}.built_days", f"{DATABASE}.counted_entities"
    sound = f"{DATABASE}.sound_days"
    connected.rows(f"create table {sound} as {days}")
    connected.rows(f"insert into {sound} select * from {days}")

    def broken(change: str, of_days: str, *of_totals: tuple[str, str]) -> None:
        """Break the days, look, and mend them. The timeframes are made of the days, and wrong like them."""
        connected.rows(change)
        red("days_equal_events", "totals_equal_days")
        assert problems(connected, "days_equal_events") == {(of_days,)}
        assert compared(connected) == set(of_totals)
        connected.rows(f"truncate table {days}")
        connected.rows(f"insert into {days} select * from {sound}")

    def totals_with(problem: str) -> list[tuple[str, str]]:
        return [(name, problem) for name in ("total", "columns", "dictionary")]

    broken(f"alter table {days} update total = total + 1 where entity_id = 4", "sums differ", *totals_with("sums differ"))
    swapped = f"alter table {days} update total = if(entity_id = 4, 4, 2) where entity_id in (4, 5)"
    broken(swapped, "keys differ", *totals_with("keys differ"))
    without = f"delete from {days} where entity_type = 'Image' and entity_id = 2"
    broken(without, "the days lack it", ("events", "there are no such days"), ("last event", "sums differ"))
    late = f"alter table {days} update last_event = last_event + 1 where entity_type = 'Bounty' and day = '2025-01-21'"
    connected.rows(late)
    red("totals_equal_days")
    assert compared(connected) == {("last event", "sums differ")}
    connected.rows(f"truncate table {days}")
    connected.rows(f"insert into {days} select * from {sound}")
    more = f"insert into {days} values ('Image', 8, 'Cry', '2023-02-01', 0, 1, 0)"
    broken(more, "there are no such events", ("events", "the totals lack it"))

    later = "counted_at + interval 1 second as counted_at"
    copy = f"insert into {entities} select * replace ({later}, %s) from {entities} final where %s"
    connected.rows(copy % ("mapApply((k, v) -> (k, (toInt64(4), v.2, v.3)), totals) as totals", "entity_id = 4"))
    red("totals_equal_days")
    assert compared(connected) == set(totals_with("sums differ"))
    connected.rows(copy % ("mapApply((k, v) -> (k, (toInt64(2), v.2, v.3)), totals) as totals", "entity_id = 5"))
    red("totals_equal_days")
    assert compared(connected) == set(totals_with("keys differ"))
    connected.rows(f"delete from {entities} where entity_type = 'Image' and entity_id = 2")
    red("totals_equal_days")
    assert ("events", "the totals lack it") in compared(connected)
    connected.dbt_here("build", "--full-refresh", "--select", "totals")

    def with_view(name: str, old: str, new: str) -> None:
        (text,) = connected.rows(f"select as_select from system.tables where database = '{DATABASE}' and name = '{name}'")[0]
        assert old in text
        connected.rows(f"create or replace view {DATABASE}.{name} as {text.replace(old, new)}")

    with_view("metric_timeframes", "- 30", "- 45")
    red("totals_equal_days")
    assert compared(connected) == {("month", "sums differ")}
    with_view("entity_totals", "'Like'", "'Cry'")
    connected.rows(
        f"create or replace dictionary {DATABASE}.entity_totals_dictionary (entity_type String, entity_id Int32, %s)"
        " primary key entity_type, entity_id source(null()) layout(complex_key_hashed()) lifetime(0)"
        % ", ".join(f"`{name}` Int64" for (name,) in connected.rows(f"select distinct quantity from {DATABASE}.metrics"))
    )
    red("totals_equal_days")
    assert {name for name, _ in compared(connected)} == {"month", "columns", "dictionary"}

    put(
        connected,
        "('Image', 4, 9, 'unheardOf', 1, '2023-01-05 00:00:00', 2)",
        "('Image', 6, 9, 'Like', -2, '2023-01-05 00:00:00', 2)",
    )
    put(connected, "('Unheard', 4, 9, 'tippedCount', 1, '2023-01-05 00:00:00', 2)")
    found = refresh(connected, ok=False)
    assert found.that("fail", "error") == {"totals_equal_days"}
    assert found.that("warn") == {"not_negative"}
    unheard = f"select entity_type, quantity, of_days, problem from {AUDIT}.totals_equal_days where problem != ''"
    assert [(*row[:3], row[3][:30]) for row in connected.rows(unheard)] == [
        ("Image", "unheardOf", 1, "the registry does not have it:")
    ]
    assert connected.rows(f"select entity_id, quantity, total from {AUDIT}.not_negative") == [(6, "Like", -2)]
    assert totals(connected) == sums(connected), "it is shown all the same"


def test_a_build_compares_what_it_refreshed(connected: Project) -> None:
    """Where nothing changed a few entities of the latest month, where something did what was counted: each is seen red."""
    begin(connected)
    put(connected, *(f"('Post', {post}, 9, 'Like', 1, '2023-01-05 00:00:00', 1)" for post in range(1, 60)))
    refresh(connected)
    number = f"select sumIf(of_days, comparison = 'events') from {AUDIT}.totals_equal_days"
    assert connected.rows(number) == [(64,)], "all posts, and the image of this month with five events"
    assert refresh(connected).that("fail", "error") == set()
    assert connected.rows(number) == [(5,)], "nothing changed: the image of this month"
    entities = connected.rows(f"select count() from {DATABASE}.touched_entities")
    assert entities == [(59,)], "those of the last refresh that found a change"

    copy = (
        f"insert into {DATABASE}.counted_entities select * replace (counted_at + interval 1 second as counted_at,"
        " mapApply((k, v) -> (k, (v.1 + 1, v.2, v.3)), totals) as totals)"
        f" from {DATABASE}.counted_entities final where entity_type = '%s' and entity_id = 1"
    )
    connected.rows(copy % "Image")
    assert refresh(connected, ok=False).that("fail", "error") == {"totals_equal_days"}
    assert compared(connected) == {("total", "sums differ"), ("columns", "sums differ")}
    put(connected, "('Image', 1, 9, 'Like', 1, now(), 2)")
    refresh(connected)
    assert totals(connected) == sums(connected), "counted again"

    dictionary = f"{DATABASE}.entity_totals_dictionary"
    (mark,) = connected.rows("select comment from system.tables where name = 'entity_totals_dictionary'")[0]
    connected.rows(
        f"create or replace dictionary {dictionary} (entity_type String, entity_id Int32, Like Int64)"
        f" primary key entity_type, entity_id source(clickhouse(query 'select * from {DATABASE}.nothing'))"
        f" layout(complex_key_hashed()) lifetime(0) comment '{mark}'"
    )
    with pytest.raises(DatabaseError, match="nothing"):
        connected.rows(f"system reload dictionary {dictionary}")
    assert refresh(connected, ok=False).that("fail", "error") == {"totals_equal_days"}
    assert {name for name, _ in compared(connected)} == {"dictionary"}

    connected.rows(f"alter table {DATABASE}.built_days update total = total + 1 where day >= today() and entity_id = 1")
    assert refresh(connected, ok=False).that("fail", "error") == {"days_equal_events"}
    assert problems(connected, "days_equal_events") == {("sums differ",)}


def test_nothing_to_sum_up(connected: Project) -> None:
    """No event table, no view of it, one that nobody can see changes of, an empty one: red, with a sentence."""
    assert "There is no event table" in refresh(connected, ok=False).errors[0]
    connected.create_event_table()
    assert "build it first, as by `dbt build --select event_table`" in refresh(connected, ok=False).errors[0]
    connected.dbt_here("run", "--select", "event_table")
    assert "days_equal_events" in refresh(connected, ok=False).that("fail"), "a comparison of nothing"
    connected.rows(f"rename table {EVENTS} to {DATABASE}.old")
    connected.rows(f"create table {EVENTS} as {DATABASE}.old engine = Memory")
    assert "is a Memory, of which nobody can say what changed" in refresh(connected, ok=False).errors[0]


def test_excluded_users(connected: Project) -> None:
    """Their events do not count, in no view; who is let in again counts again; the user of the totals cannot be left out."""
    begin(connected)
    seed = connected.folder / "seeds" / "excluded_users.csv"

    def exclude(*users: int) -> str:
        seed.write_text("user_id,reason\n" + "".join(f"{user},a bot\n" for user in users))
        return connected.dbt(
            "build", "--select", "excluded_users", "event_table", "totals", "--exclude-resource-type", "test", ok=None
        ).output

    exclude(7)
    assert (
        totals(connected)
        == sums(connected)
        == [
            ("Bounty", 1, "unitAmount", 4_000_000_000, 2),
            ("Image", 1, "Like", 7, 3),
        ]
    )
    assert connected.rows(f"select sum(metric_value) from {DATABASE}.named_events where user_id = 7") == [(0,)]
    exclude()
    assert ("Image", 2, "commentCount", 0, 2) in totals(connected)
    assert totals(connected) == sums(connected)
    assert "has the user -1, whose events are the totals of the metric tables" in exclude(-1)
    seed.write_text("user_id,reason\n7,a bot\n7,\n")
    assert "unique_excluded_users" in connected.dbt("build", "--select", "excluded_users", ok=False).output


def test_columns_of_the_legacy_tables(built: Project) -> None:
    """What reads a legacy table can read the view; the two are compared entity by entity, and the comparison is seen red."""
    rooms = ["event_table", "totals", "legacy_bounty_metric", "legacy_tag_metric", "legacy_post_metric"]
    built.postgres("""update "TagMetric" set "hiddenCount" = "hiddenCount" + 1 where "tagId" = 3""")
    built.dbt_here("run", "--select", "stg_tag_metrics")
    found = built.dbt_here("build", "--select", *rooms, "--exclude", "counted_once", "--vars", VARS)
    assert "legacy_post_metric is not compared with PostMetric: build stg_post_metrics first." in found.output
    columns = [name for (name,) in built.postgres(
        """select column_name::text from information_schema.columns where table_name = 'BountyMetric' order by 1"""
    )]  # fmt: skip
    shown = "select name from system.columns where database = 'entity_metrics' and table = 'legacy_bounty_metric'"
    assert {name for (name,) in built.rows(shown)} == set(columns)
    counts = """"favoriteCount", "trackCount", "entryCount", "benefactorCount", "unitAmountCount", "commentCount" """
    there = f"from entity_metrics.legacy_bounty_metric where timeframe = 'AllTime' and greatest({counts}) > 0"
    legacy = built.postgres(
        f"""select "bountyId", {counts} from "BountyMetric" where timeframe = 'AllTime' and greatest({counts}) > 0 order by 1"""
    )
    assert built.rows(f'select "bountyId", {counts} {there} order by 1') == legacy
    assert built.rows("select timeframe, count() from entity_metrics.legacy_bounty_metric group by 1 order by 1") == [
        (name, len(legacy)) for name in ("Day", "Week", "Month", "Year", "AllTime")
    ]
    unknown = "select countIf(favoriteCount is null) from entity_metrics.legacy_bounty_metric where timeframe = 'Week'"
    assert built.value(unknown) == len(legacy), "events of one date say nothing of a week"
    assert built.value("select countIf(hiddenCount is null) from entity_metrics.legacy_tag_metric where timeframe = 'Week'") == 0

    compared = (
        f"select quantity, equal, moved_on, different, reason != '', problem from {AUDIT}.equals_legacy_%s order by quantity"
    )
    tags = {row[0]: row[1:] for row in built.rows(compared % "tag_metric")}
    assert tags["hiddenCount"][2] > 0 and tags["hiddenCount"][3:] == (True, ""), "the packages count it: it may differ"
    bounties = built.rows(compared % "bounty_metric")
    assert len(bounties) == 6 and all(row[1] >= len(legacy) and row[2:] == (0, 0, False, "") for row in bounties)

    put(built, "('Bounty', 1, 7, 'favoriteCount', 1, now(), 2)")  # of the live site
    built.rows("alter table entity_metrics.stg_bounty_metrics update commentCount = commentCount + 1 where bountyId = 2")
    refresh(built)
    assert built.dbt_here("test", "--select", "legacy_bounty_metric", ok=False).that("fail") == {"equals_legacy_bounty_metric"}
    bounties = {row[0]: row[2:] for row in built.rows(compared % "bounty_metric")}
    assert (bounties["favoriteCount"], bounties["commentCount"]) == ((1, 0, False, ""), (0, 1, False, "entities differ"))
    built.rows("truncate table entity_metrics.stg_bounty_metrics")
    built.rows(f"truncate table {EVENTS}")
    refresh(built, ok=None)
    built.dbt_here("test", "--select", "legacy_bounty_metric", ok=False)
    assert {row[-1] for row in built.rows(compared % "bounty_metric")} == {"nothing to compare"}
