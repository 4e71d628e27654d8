"""Publishing: by attaching and by inserting, interrupted, beside other writers; nothing else in the event table is touched."""

import contextlib
import json
import re
import threading

from harness import BIN, EVENTS, Project
from warm import Started

BUILT = "bounty_metrics"
RUN_BOUNTY = ["run", "--select", "bounty_metrics"]
PUBLISH = ["run", "--select", "path:models/bounty_metrics/bounty_metrics.sql"]
PARTS = "select name, modification_time from system.parts where active and table = 'entityMetricEvents_new' order by all"


def another_statement(project: Project, sql: str, between: str) -> None:
    """Have publishing say each of its statements, and run one more: before the `attach`, or `last`."""
    plan = project.folder / "macros/publish/plan.sql"
    anchors = {"attach": "    {%- if facts.attachable -%}", "last": "    {{ return(statements) }}"}
    text = plan.read_text()
    assert text.count(anchors[between]) == 1
    more = f"    {{%- do statements.append({json.dumps(sql)}) -%}}\n"
    plan.write_text(text.replace(anchors[between], more + anchors[between]))
    publish = project.folder / "macros/publish/publish.sql"
    call = "{% call statement('publish_slice') %}"
    publish.write_text(publish.read_text().replace(call, "{% do log(sql, info=true) %}" + call))


def change(project: Project) -> None:
    project.postgres("""update "BountyMetric" set "trackCount" = "trackCount" + 1 where "bountyId" = 3""")


def new_event_table(project: Project, **made: str) -> list[tuple[object, ...]]:
    """Another event table with others' rows, which are returned."""
    project.rows(f"drop table if exists {EVENTS} sync")
    project.create_event_table(**made)
    project.add_live_events()
    return project.outside()


def test_killed_between_delete_and_attach(built: Project) -> None:
    """The moment is made long by a statement in this copy; the next run repairs the slice, and nothing else was touched."""
    built.add_live_events()
    before = built.outside()
    another_statement(built, "select sleep(3)", between="attach")
    change(built)
    killed = built.start(str(BIN / "dbt"), *RUN_BOUNTY, until="select sleep(3)", then=Started.kill)
    assert killed.code != 0
    assert built.bounty_slice() == [] and built.outside() == before
    built.dbt_here(*RUN_BOUNTY)  # without the change: its files were parsed before
    assert built.bounty_slice() == built.bounty_source() != []
    assert built.outside() == before


def test_a_delete_that_attaching_by_another_thread_interrupts(built: Project) -> None:
    """ClickHouse stops a delete for the time of an attach, and begins it anew: publishing waits until it is through."""
    built.rows(f"insert into {EVENTS} select 'Image', number, 1, 'Like', 1, '2025-01-02 00:00:00', 2 from numbers(4000000)")
    built.rows(f"optimize table {EVENTS} final")  # into one part, so that the delete takes some time
    built.rows(f"create table entity_metrics.other as {EVENTS}")
    change(built)
    built.release()
    published = threading.Event()
    with contextlib.closing(built.client()) as other:

        def attach() -> None:
            while not published.wait(0.02):
                other.command(f"alter table {EVENTS} attach partition id '202501' from entity_metrics.other")
                if other.query("select 1 from system.mutations where not is_done").result_rows:
                    threading.Timer(1, published.set).start()

        attaching = threading.Thread(target=attach)
        attaching.start()
        built.dbt_here(*RUN_BOUNTY)
        published.set()
        attaching.join()
    assert built.bounty_slice() == built.bounty_source()


def test_a_delete_of_a_run_that_was_killed(built: Project) -> None:
    """ClickHouse goes on with it: the next run waits for it before it looks at what is there."""
    with contextlib.closing(built.client()) as other:
        other.command(f"system stop merges {EVENTS}")
        other.command(
            f"delete from {EVENTS} where version = 3 and 'model.entity_metrics.bounty_metrics' != ''"
            " settings lightweight_deletes_sync = 0"
        )
        threading.Timer(1.5, lambda: other.command(f"system start merges {EVENTS}")).start()
        built.dbt_here(*PUBLISH)
        assert not other.query("select 1 from system.mutations where not is_done").result_rows
    assert built.bounty_slice() == built.bounty_source() != []


def test_a_delete_that_never_ends(built: Project) -> None:
    """It is given up at last with a sentence; when it is through after all, the next run publishes."""
    change(built)
    with contextlib.closing(built.client()) as other:
        other.command(f"system stop merges {EVENTS}")
        stopped = built.dbt_here(*RUN_BOUNTY, "--vars", "{delete_timeout: 1}", ok=False)
        assert "did not end within 1 s: see system.mutations" in stopped.errors[0] and "var delete_timeout" in stopped.errors[0]
        other.command(f"system start merges {EVENTS}")
        built.dbt_here(*PUBLISH)
    assert built.bounty_slice() == built.bounty_source() != []


def test_publishes_by_insert_where_attaching_is_impossible(built: Project) -> None:
    """Another engine, key, column type or partition, or a skip index: by insert, twice, and the log says so."""
    keyed = "entityType, entityId, metricType, userId, createdAt, version"
    for made in (
        {"created_at": "DateTime64(3)"},
        {"engine": "ReplacingMergeTree", "order_by": keyed},
        {"order_by": "entityType, metricType, entityId"},
        {"partition_by": "toDate(createdAt)"},
        {"order_by": "entityType, entityId, createdAt", "index": "index by_value metricValue type minmax"},
    ):
        before = new_event_table(built, **made)
        for command in (PUBLISH, RUN_BOUNTY):
            ran = built.dbt_here(*command)
            assert "publishing by insert" in ran.output, made
            assert built.bounty_slice() == built.bounty_source(), made
            assert built.outside() == before, made
            if command == PUBLISH:
                change(built)


def test_attaches_where_it_can_and_leaves_what_is_there(built: Project) -> None:
    """Parts of the model are linked into the event table: no row is written a second time. Months that did not change stay."""
    hashes = built.rows(
        "select count(), uniqExact(hash_of_all_files) from system.parts"
        " where active and table in ('bounty_metric_events', 'entityMetricEvents_new')"
    )
    assert hashes[0][0] == 2 * hashes[0][1]
    built.release()
    before = built.rows(PARTS)
    ran = built.dbt_here(*RUN_BOUNTY)
    assert built.rows(PARTS) == before != []
    assert "by insert" not in ran.output and f"instead of {len(built.bounty_source())}" in ran.output


def test_feeding_a_view(built: Project) -> None:
    """A materialized view sees inserts only: so there is an insert, and a word on what is deleted."""
    new_event_table(built)
    built.rows("create table entity_metrics.sums (metricType String, total Int64) engine = SummingMergeTree order by metricType")
    built.rows(
        "create materialized view entity_metrics.summing to entity_metrics.sums as select metricType, sum(metricValue) as total"
        f" from {EVENTS} group by metricType"
    )
    said = built.dbt_here(*PUBLISH).output
    assert "feeds summing, which attached partitions would not reach: publishing by insert" in said
    assert "will go on counting" not in said
    totals = f"select metricType, sum(metricValue) from {EVENTS} where userId = -1 and version = 3 and entityType = 'Bounty'"
    seen = "select metricType, sum(total) from entity_metrics.sums group by all order by all"
    assert built.rows(seen) == built.rows(f"{totals} and metricType != 'liveOnly' and userId = -1 group by all order by all")
    change(built)
    said = built.dbt_here(*RUN_BOUNTY).output
    assert "summing will go on counting the events that are deleted" in said
    assert "or publish by append, which deletes nothing: var publish_strategy" in said
    assert built.bounty_slice() == built.bounty_source()
    # What is appended the view sees: it is off by what it was off before, and no more.
    off_by = (
        "select metricType, sum(total) from (select metricType, total from entity_metrics.sums union all select metricType,"
        f" -metricValue from {EVENTS}) group by 1 order by 1"
    )
    before = built.rows(off_by)
    built.postgres("""update "BountyMetric" set "trackCount" = "trackCount" + 3, "commentCount" = 0 where "bountyId" = 5""")
    said = built.dbt_here(*RUN_BOUNTY, "--vars", "{publish_strategy: append}").output
    assert "bounty_metrics: appended " in said and "will go on counting" not in said
    assert built.rows(off_by) == before


def test_somebody_else_writes(built: Project) -> None:
    """What is there is counted after every publishing, the first included: a row that came in between fails the node."""
    another_statement(
        built, f"insert into {EVENTS} values ('Bounty', 7, -1, 'trackCount', 1, '2025-01-21 00:00:00', 3)", between="last"
    )
    change(built)
    for first in (False, True):
        if first:
            new_event_table(built)
        ran = built.dbt(*RUN_BOUNTY, ok=False)
        events = len(built.bounty_source())
        assert f"holds {events + 1} events of the slice of BountyMetric after publishing {events}" in ran.output
    assert "somebody else writes version = 3 and userId = -1 there" in ran.output
    built.dbt_here(*PUBLISH)
    assert built.bounty_slice() == built.bounty_source()


def test_repeated_inserts_and_attaches_are_not_dropped(built: Project) -> None:
    """On a table that drops what it has seen before: publishing's insert is not dropped, and without its settings it would be."""
    new_event_table(built, index="index by_value metricValue type minmax", settings="non_replicated_deduplication_window = 100")
    said = built.dbt_here(*PUBLISH).output
    insert, settings = re.findall(r"(insert into `entity_metrics`.`entityMetricEvents_new` .*) settings (.*)\.\.\.", said)[0]
    events = len(built.bounty_source())
    for options, times in ((f" settings {settings}", 3), ("", 4)):  # the last one is dropped
        for _ in range(2):
            built.rows(f"{insert} order by all{options}")  # the engine knows again what comes in an order
        assert len(built.bounty_slice()) == times * events

    # Parts that are equal to some that are there, or were.
    new_event_table(built, settings="non_replicated_deduplication_window = 100")
    for _ in range(2):
        built.dbt_here(*PUBLISH)
        assert built.bounty_slice() == built.bounty_source()
        built.rows(f"alter table {EVENTS} delete where version = 3 and userId = -1 and entityType = 'Bounty'")
    for _ in range(2):
        built.rows(f"alter table {EVENTS} attach partition id '202501' from entity_metrics.bounty_metric_events")
    assert len(built.bounty_slice()) == 2 * events
    assert f"would go from {2 * events} to {events} rows" in built.dbt_here(*PUBLISH, ok=False).errors[0]  # half of it would go
    built.dbt_here(*PUBLISH, "--vars", "{max_removed_share: 0.5}")
    assert built.bounty_slice() == built.bounty_source()


def test_another_event_table(built: Project) -> None:
    """In a database of its own; a missing one is named."""
    options = ["--vars", "{event_database: site, event_table: events}"]
    assert "Database site does not exist" in built.dbt_here(*PUBLISH, *options, ok=False).errors[0]
    built.rows("create database site")
    built.dbt_here(*PUBLISH, *options)
    assert built.dbt_here("test", "--select", "published_bounty_metrics", *options).that("pass") == {"published_bounty_metrics"}
    assert built.value("select count() from site.events") == len(built.bounty_source())


def test_refuses_what_would_lose_rows(built: Project) -> None:
    """Engines that would merge metrics of an entity, one without deletes, and a table whose slice cannot be told."""
    merges = "would merge different metrics of one entity"
    for engine, column, sentence in (
        ("ReplacingMergeTree", "", merges),
        ("SummingMergeTree", "", merges),
        ("MergeTree", "version", "has no column version"),
    ):
        before = new_event_table(built, engine=engine)
        if column:
            built.rows(f"alter table {EVENTS} drop column {column}")
        assert sentence in built.dbt_here(*PUBLISH, ok=False).errors[0]
        assert column or (built.outside() == before and built.bounty_slice() == [])
    built.rows(f"drop table {EVENTS} sync")
    built.rows(f"create table {EVENTS} engine = Log as select * from entity_metrics.bounty_metric_events limit 1")
    assert "is a Log, from which a slice cannot be deleted" in built.dbt_here(*PUBLISH, ok=False).errors[0]
