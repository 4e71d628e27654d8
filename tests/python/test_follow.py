"""The strategy `append`: what changed in the source since becomes corrective events, and nothing is deleted."""

import datetime
import random
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import EVENTS, Project
from packages import expected

JOB = "source_events"
PACKAGES = ("buzz_tip", "resource_review", "user_engagement")
ALL = (*PACKAGES, "tag_engagement", "image_reaction")
BUILT = " ".join(f"+{package}" for package in ALL)
VARS = "{counted_from: {'*': source_events}, source_events_cutoff: null}"
APPEND = VARS[:-1] + ", publish_strategy: append, max_removed_share: 1}"


def follow(project: Project, *packages: str, ok: bool | None = True, variables: str = APPEND) -> str:
    """Not `dbt_here`: the event models are parsed into views."""
    return project.dbt("run", "--select", *[f"+{package}" for package in packages], "--vars", variables, ok=ok).output


def events_since(project: Project, moment: datetime.datetime) -> list[tuple[object, ...]]:
    """(entityType, entityId, userId, metricType, metricValue) of the events from then on."""
    return project.rows(
        "select toString(entityType), entityId, userId, toString(metricType), metricValue"
        f" from {EVENTS} where createdAt >= '{moment:%Y-%m-%d %H:%M:%S}' order by all"
    )


def now(project: Project) -> datetime.datetime:
    return project.value("select now()")


def sums(project: Project, where: str = "version = 1") -> dict[tuple[object, ...], int]:
    """What each entity, user and metric has, where that is not zero."""
    rows = project.rows(
        f"select toString(entityType), entityId, userId, toString(metricType), sum(metricValue) as s from {EVENTS}"
        f" where {where} group by all having s != 0"
    )
    return {row[:4]: row[4] for row in rows}


def source_sums(project: Project, *packages: str) -> dict[tuple[object, ...], int]:
    """The same, asked of Postgres."""
    found: Counter[tuple[object, ...]] = Counter()
    for package in packages:
        for event in expected(project, package):
            found[event[:4]] += event[4]
    return {key: value for key, value in found.items() if value}


def test_created_changed_deleted(built: Project) -> None:
    """Each kind of row gives exactly the events of what happened to it, whatever nobody recorded; a second look gives none."""
    project = built
    before = now(project)
    assert sums(project) == source_sums(project, *ALL)
    project.postgres("""
        set session_replication_role = replica;
        insert into "UserEngagement" ("userId", "targetUserId", type, "createdAt") values
            (9001, 9002, 'Follow', now() + interval '1 hour'),
            (9003, 9002, 'Hide', '2023-05-05')""")
    project.postgres("""insert into "BuzzTip" values ('Model', 9001, 9002, 9003, 50, '2023-05-05', '2023-05-05')""")
    follow(project, *PACKAGES)
    hour = project.value(f"select count() from {EVENTS} where createdAt > now() + interval 30 minute and version = 1")
    assert hour == 2, "a new row keeps its own time"
    created = [
        ("Model", 9001, 9003, "tippedAmount", 50),
        ("Model", 9001, 9003, "tippedCount", 1),
        ("User", 9001, 9001, "followingCount", 1),
        ("User", 9002, 9001, "followerCount", 1),
        ("User", 9002, 9003, "hiddenCount", 1),
        ("User", 9002, 9003, "tippedAmount", 50),
        ("User", 9002, 9003, "tippedCount", 1),
        ("User", 9003, 9003, "tipsGivenAmount", 50),
        ("User", 9003, 9003, "tipsGivenCount", 1),
    ]
    assert events_since(project, before) == created
    assert sums(project) == source_sums(project, *ALL)

    project.postgres("""update "UserEngagement" set type = 'Hide' where "userId" = 9001""")
    project.postgres("""update "BuzzTip" set amount = 80 where "entityId" = 9001""")
    (review,) = project.postgres(
        """select id, "modelId", "modelVersionId", "userId" from "ResourceReview"
        where recommended and not exclude and not "tosViolation" order by id limit 1"""
    )
    project.postgres(f"""update "ResourceReview" set recommended = false where id = {review[0]}""")
    count = project.value(f"select count() from {EVENTS}")
    follow(project, *PACKAGES)
    changed = [
        ("Model", review[1], review[3], "thumbsDownCount", 1),
        ("Model", review[1], review[3], "thumbsUpCount", -1),
        ("Model", 9001, 9003, "tippedAmount", 30),
        ("ModelVersion", review[2], review[3], "thumbsDownCount", 1),
        ("ModelVersion", review[2], review[3], "thumbsUpCount", -1),
        ("User", 9001, 9001, "followingCount", -1),
        ("User", 9002, 9001, "followerCount", -1),
        ("User", 9002, 9001, "hiddenCount", 1),
        ("User", 9002, 9003, "tippedAmount", 30),
        ("User", 9003, 9003, "tipsGivenAmount", 30),
    ]
    assert events_since(project, before) == sorted([*created, *changed])
    assert project.value(f"select count() from {EVENTS}") == count + len(changed)

    project.postgres("""delete from "UserEngagement" where "userId" in (9001, 9003)""")
    project.postgres(f"""delete from "ResourceReview" where id = {review[0]}""")
    follow(project, *PACKAGES)
    assert sums(project) == source_sums(project, *ALL)
    count = project.value(f"select count() from {EVENTS}")
    output = follow(project, *PACKAGES)
    assert "user_engagement: appended 0 events" in output
    assert project.value(f"select count() from {EVENTS}") == count
    tests = project.dbt_here("test", "--select", *[f"published_{name}" for name in PACKAGES], "--vars", APPEND)
    assert len(tests.that("pass")) == len(PACKAGES)
    project.rows(f"insert into {EVENTS} values ('User', 1, 1, 'followerCount', 1, now(), 1)")
    tests = project.dbt_here("test", "--select", "published_user_engagement", "--vars", APPEND, ok=False)
    assert tests.that("fail") == {"published_user_engagement"}
    follow(project, "user_engagement")
    assert sums(project) == source_sums(project, *ALL)
    # The other way, of replacing, is open at any time.
    project.dbt_here("run", "--select", *PACKAGES, "--vars", VARS[:-1] + ", max_removed_share: 1}")
    assert (
        project.value(f"select count() from {EVENTS} where metricValue < 0 and version = 1")
        == project.postgres('select count(*) * 3 from "BuzzTip" where amount < 0')[0][0]
    )
    # A first run replaces, too: there is nothing to compare with.
    project.rows(f"truncate table {EVENTS}")
    follow(project, *PACKAGES)
    assert sums(project) == source_sums(project, *PACKAGES)
    # The event models are views then, and tables again without the var.
    engines = "select distinct engine from system.tables where database = 'entity_metrics' and name in ({})".format(
        ", ".join(f"'{name}_events'" for name in PACKAGES)
    )
    assert project.rows(engines) == [("View",)]
    project.dbt_here("build", "--select", *BUILT.split(), "--vars", VARS, "--exclude", "test_name:reconciles")
    assert project.rows(engines) == [("MergeTree",)]
    assert sums(project) == source_sums(project, *ALL)


HISTORIES, STEPS = 1000, 3
MODEL = "entity_metrics.tag_engagement_events"
PUBLISH = ["run", "--select", "tag_engagement", "--vars", APPEND[:-1] + ", max_corrections: 999999999, follow_rows: 500}"]


def put(project: Project, relation: str, rows: list[tuple[int, int, str, int, str]]) -> None:
    """Fill it with events of tags: (entity, user, metric, value, time)."""
    values = ", ".join(f"('Tag', {tag}, {user}, '{metric}', {value}, '{at}', 1)" for tag, user, metric, value, at in rows)
    project.rows(f"truncate table {relation}")
    if values:
        project.rows(f"insert into {relation} values {values}")


def by_key(rows: list[tuple[int, int, str, int, str]]) -> dict[tuple[object, ...], int]:
    found: Counter[tuple[object, ...]] = Counter()
    for tag, user, metric, value, _ in rows:
        found["Tag", tag, user, metric] += value
    return {key: value for key, value in found.items() if value}


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), killed=st.lists(st.booleans(), min_size=STEPS, max_size=STEPS))
def test_any_history(built: Project, seed: int, killed: list[bool]) -> None:
    """Rows come, go, come back, change value, user, metric and entity; runs are killed half-way. After each completed run sums
    are the source's, and up to each earlier run they are what the source was then."""
    chosen = random.Random(seed)

    def row(tag: int, at: str) -> tuple[int, int, str, int, str]:
        metric = chosen.choice(["followerCount", "hiddenCount"])
        return tag, chosen.randint(1, 2), metric, chosen.choice([1, 1, 2, -1, 2_000_000_000]), at

    built.rows(f"truncate table {EVENTS}")
    built.rows("truncate table entity_metrics.publish_log")
    slots: dict[tuple[int, int], tuple[int, int, str, int, str]] = {}
    states: list[tuple[datetime.datetime, dict[tuple[object, ...], int]]] = []
    for step in range(STEPS):
        here = str(now(built))
        for tag in range(1, HISTORIES + 1):
            for slot in range(3):
                what = chosen.random()
                if what < 0.3:
                    slots.pop((tag, slot), None)
                elif what < 0.7 or step == 0:
                    slots[tag, slot] = row(tag, chosen.choice(["2023-01-01 00:00:00", "2023-01-01 00:00:00", here]))
        rows = list(slots.values())
        put(built, MODEL, rows)
        built.rows(
            "create or replace table entity_metrics.before engine = MergeTree order by tuple() as " + f"select * from {EVENTS}"
        )
        built.dbt_here(*PUBLISH)
        if killed[step] and states:
            built.rows(
                "create or replace table entity_metrics.after engine = MergeTree order by tuple() as "
                f"select * from {EVENTS} where cityHash64(entityId, userId, metricType, metricValue, {seed}) % 2"
            )
            built.rows(f"truncate table {EVENTS}")
            built.rows(f"insert into {EVENTS} select * from entity_metrics.before")
            built.rows(
                f"insert into {EVENTS} (select * from entity_metrics.after except all select * from entity_metrics.before)"
            )
            last = "select argMax(run_id, published_at) from entity_metrics.publish_log"
            built.rows(f"delete from entity_metrics.publish_log where run_id in ({last})")
            built.dbt_here(*PUBLISH)
        states.append((built.value("select max(published_at) from entity_metrics.publish_log"), by_key(rows)))
        for moment, then in states:
            assert sums(built, f"version = 1 and createdAt <= toDateTime64('{moment:%Y-%m-%d %H:%M:%S.%f}', 6)") == then
        assert sums(built) == by_key(rows)


def test_live_events_count_too(built: Project) -> None:
    """What the live site lost is made good and what it repeated taken back, under any name of a quantity, beyond the cutoff;
    only what two looks found counts."""
    images = "entity_metrics.image_reaction_events"
    nodes = ("tag_engagement", "image_reaction")
    built.rows(f"truncate table {EVENTS}")
    live = [
        "('Tag', 1, 1, 'followerCount', 1, '2024-01-01 00:00:00', 2)",  # as the source has it
        "('Tag', 2, 1, 'followerCount', 1, '2024-01-01 00:00:00', 2)",
        "('Tag', 2, 1, 'followerCount', 1, '2024-01-01 00:00:01', 2)",  # twice
        "('Image', 1, 1, 'ReactionLike', 1, '2024-01-01 00:00:00', 2), ('Image', 2, 1, 'Heart', 1, '2024-01-01 00:00:00', 2)",
    ]
    built.rows(f"insert into {EVENTS} values {', '.join(live)}")
    source = [(1, 1, "followerCount", 1, "2024-01-01 00:00:00"), (2, 1, "followerCount", 1, "2024-01-01 00:00:00")]
    put(built, MODEL, [*source, (3, 1, "hiddenCount", 1, "2025-06-01 00:00:00")])
    built.rows(f"alter table {MODEL} update version = 0 where entityId = 3")  # after the cutoff
    built.rows(f"truncate table {images}")
    built.rows(f"insert into {images} values ('Image', 1, 1, 'Like', 1, '2024-01-01 00:00:00', 1)")
    # There is something that this project published: without that the first run replaces.
    built.rows(f"insert into {EVENTS} values ('Tag', 9, 1, 'followerCount', 1, '2024-01-01 00:00:00', 1)")
    built.rows(f"insert into {EVENTS} values ('Image', 9, 1, 'Cry', 1, '2024-01-01 00:00:00', 1)")
    before = built.rows(f"select * from {EVENTS} order by all")

    def look(margin: int) -> None:
        margins = f", max_corrections: 9, live_versions: [2], repair_margin: {margin}}}"
        built.dbt_here("run", "--select", *nodes, "--vars", APPEND[:-1] + margins)

    look(1000)
    look(1000)
    assert built.rows(f"select * from {EVENTS} order by all") == before, "they may be on their way"
    assert built.value("select count() from entity_metrics.tag_engagement__pending") == 3
    assert built.value("select count() from entity_metrics.image_reaction__pending") == 2
    built.rows(f"insert into {EVENTS} values ('Tag', 3, 1, 'hiddenCount', 1, '2025-06-01 00:00:00', 2)")  # it was
    built.rows("alter table entity_metrics.tag_engagement__pending update first_seen = first_seen - 1000 where entityId = 2")
    look(1000)
    corrections = (
        f"select entityType, entityId, metricType, metricValue from {EVENTS} where createdAt > '2026-01-01' order by all"
    )
    assert built.rows(corrections) == [("Tag", 2, "followerCount", -1)]
    look(0)
    assert built.rows(corrections) == [
        ("Image", 2, "Heart", -1),
        ("Image", 9, "Cry", -1),
        ("Tag", 2, "followerCount", -1),
        ("Tag", 9, "followerCount", -1),
    ]
    assert sums(built, "version in (1, 2) and entityType = 'Image'") == {("Image", 1, 1, "ReactionLike"): 1}
    published = [f"published_{node}" for node in nodes]
    tests = built.dbt_here("test", "--select", *published, "--vars", APPEND[:-1] + ", live_versions: [2]}")
    assert tests.that("pass") == set(published)


def test_what_follow_refuses_and_prints(built: Project) -> None:
    """Too many corrections, too much taken away, what the other job counts, our own version; a dry run leaves all as it is."""
    before = built.rows(f"select * from {EVENTS} order by all")
    built.postgres('delete from "TagEngagement" where "tagId" < 30')

    def refused(variables: str) -> str:
        return follow(built, "tag_engagement", ok=False, variables=VARS[:-1] + f", publish_strategy: append, {variables}}}")

    assert "corrective events, and max_corrections allows 5" in refused("max_corrections: 5, max_removed_share: 1")
    assert "The slice of TagEngagement in" in refused("max_removed_share: 0.01")
    assert "give a list of versions that the live site writes" in refused("live_versions: [1]")
    assert "The var publish_strategy is 'add'" in follow(built, "tag_engagement", ok=False, variables="{publish_strategy: add}")
    said = follow(built, "tag_engagement", ok=False, variables=APPEND.replace("{'*': source_events}", "{}"))
    assert "the other job still counts what TagEngagement is to count, or the other way round" in said
    changed = """select "userId", "targetUserId" from "UserEngagement" where type = 'Follow' order by 1, 2 limit 1"""
    built.postgres(f"""update "UserEngagement" set type = 'Hide' where ("userId", "targetUserId") = ({changed})""")
    options = ["--max-removed-share", "1", "--cutoff", "none", "--counted-from", "*=source_events"]
    ran = built.command("follow", "--package", "user_engagement", "--dry-run", *options)
    assert "UserEngagement: trial, nothing is published. A real run would append to" in ran.output
    assert built.rows(f"select * from {EVENTS} order by all") == before
    assert "give a time such as 60s, 5m or 2h" in built.command("follow", "--every", "soon", ok=False).output
