"""Totals as of now: whatever was counted, whatever a refresh is doing."""

from harness import EVENTS, Project

JOB = "source_events"
DATABASE = "entity_metrics"
DAYS, ENTITIES, TOUCHED = (f"{DATABASE}.{name}" for name in ("counted_days", "counted_entities", "touched_entities"))


def put(project: Project, *events: str) -> None:
    """Insert events of version 2: (entityType, entityId, userId, metricType, metricValue, createdAt)."""
    columns = "(entityType, entityId, userId, metricType, metricValue, createdAt)"
    project.rows(f"insert into {EVENTS} {columns} values {', '.join(events)}")


def begin(project: Project) -> None:
    project.create_event_table()
    put(
        project,
        "('Image', 1, 7, 'Like', 1, '2023-01-31 23:59:59')",
        "('Image', 1, -1, 'ReactionLike', 5, '2025-01-21 00:00:00')",
        "('Image', 2, 7, 'commentCount', 1, '2023-02-10 12:00:00')",
        "('Image', 3, 7, 'commentCount', 1, '2023-02-10 12:00:00')",
    )
    project.dbt_here("build", "--select", "event_table totals lookups")


def current(project: Project, where: str = "true") -> list[tuple[object, ...]]:
    return project.rows(
        f"select entity_type, entity_id, quantity, total from {DATABASE}.current_totals where {where} order by all"
    )


def sums(project: Project, where: str = "true") -> list[tuple[object, ...]]:
    return project.rows(
        "select entity_type, entity_id, quantity, sum(metric_value)"
        f" from {DATABASE}.entity_metric_events where {where} group by all order by all"
    )


def uncounted(project: Project) -> list[int]:
    return project.value(f"select uncounted_months from {DATABASE}.totals_state")


def test_events_that_were_not_counted_yet_are_in_it(connected: Project) -> None:
    """New ones, back-dated ones, deleted ones, of entities that are new or gone; and it filters by entities."""
    begin(connected)
    assert (uncounted(connected), current(connected)) == ([], sums(connected))
    put(connected, "('Image', 1, 9, 'Like', 2, now())", "('Image', 4, 9, 'Like', 1, '2023-01-01 00:00:00')")
    connected.rows(f"delete from {EVENTS} where entityId = 3")
    assert len(uncounted(connected)) == 3
    assert current(connected, "total != 0") == sums(connected)
    assert connected.value(f"select count() from {DATABASE}.metric_totals where entity_id = 4") == 0, "the totals lag"
    some = "entity_type = 'Image' and entity_id in [1, 4, 5]"
    assert current(connected, some) == sums(connected, some) != []
    connected.dbt_here("build", "--select", "totals")
    assert (uncounted(connected), current(connected)) == ([], sums(connected))


def test_a_refresh_under_way_changes_nothing(connected: Project) -> None:
    """At each step of a refresh, as a run leaves it that is killed there."""
    begin(connected)
    for table in (DAYS, ENTITIES):
        connected.rows(f"create table {table}__before clone as {table}")
    put(connected, "('Image', 1, 9, 'Like', 2, now())", "('Image', 4, 9, 'Like', 1, '2023-01-01 00:00:00')")
    due = sums(connected)
    connected.dbt_here("build", "--select", "totals")
    for table in (DAYS, ENTITIES):
        connected.rows(f"create table {table}__after clone as {table}")

    def have(days: str, entities: str) -> None:
        connected.rows(f"create or replace table {DAYS} clone as {DAYS}__{days}")
        connected.rows(f"create or replace table {ENTITIES} clone as {ENTITIES}__{entities}")

    have("before", "before")
    assert connected.rows(f"select is_refreshing, is_refreshing_all from {DATABASE}.totals_state") == [(1, 0)]
    assert current(connected) == due, "touched entities are known, and not counted"
    have("before", "after")
    assert current(connected) == due, "they are counted, and the days are not kept"
    some = "entity_type = 'Image' and entity_id in [1, 3]"
    assert current(connected, some) == sums(connected, some)
    # Seen red: a view that did not know of the refresh would take the new days from the new totals.
    connected.rows(f"truncate table {TOUCHED}")
    assert current(connected) != due
    connected.rows(f"alter table {TOUCHED} modify comment 'all'")
    assert current(connected) == due, "a first build, of which nobody knows how far it came"
    have("after", "after")
    assert current(connected) == due


def test_the_check_is_seen_red(connected: Project) -> None:
    """A total that was changed by hand; two that cancel out in the sum; and the view as it is."""
    begin(connected)
    assert connected.dbt_here("test", "--select", "current_totals").that("pass") == {"current_totals_equal_events"}
    connected.rows(f"create table {ENTITIES}__before clone as {ENTITIES}")
    for changes in ({1: 1}, {2: 1, 3: -1}):
        connected.rows(f"create or replace table {ENTITIES} clone as {ENTITIES}__before")
        for entity, change in changes.items():
            connected.rows(
                f"insert into {ENTITIES} select entity_type, entity_id,"
                f" mapApply((k, v) -> (k, (v.1 + {change}, v.2, v.3)), totals), counted_at + 1, is_gone"
                f" from {ENTITIES} final where entity_id = {entity}"
            )
        red = connected.dbt_here("test", "--select", "current_totals", ok=False)
        assert red.that("fail") == {"current_totals_equal_events"}


def test_flags_of_a_users_reactions(connected: Project) -> None:
    begin(connected)
    put(
        connected,
        "('Image', 1, 5, 'Like', 1, now())",
        "('Image', 1, 5, 'ReactionCry', 1, now())",
        "('Image', 1, 5, 'Heart', 1, now())",
        "('Image', 1, 5, 'Heart', -1, now())",
        "('Image', 1, 5, 'Dislike', 1, now())",
        "('Image', 2, 5, 'Laugh', 2, now())",
    )
    flags = f"select user_id, image_id, flags from {DATABASE}.user_image_reactions where user_id = 5 and image_id in [1, 2, 3]"
    assert connected.rows(f"{flags} order by all") == [(5, 1, 9), (5, 2, 4)]
    assert connected.rows(f"select count() from {DATABASE}.user_image_reactions where user_id = -1") == [(1,)]
