"""Publishing: by attaching and by inserting, interrupted, refused."""

import contextlib
import threading

import pytest

from harness import BIN, EVENTS, Project

RUN_BOUNTY = ["run", "--select", "bounty_metrics"]


def test_killed_between_delete_and_attach(connected: Project) -> None:
    """The moment is made long by a statement in this copy; the next run repairs the slice, and nothing else was touched."""
    connected.create_event_table()
    connected.add_live_events()
    before = connected.outside()
    connected.dbt(*RUN_BOUNTY)
    macro = connected.folder / "macros/events/publishing_statements.sql"
    original = macro.read_text()
    macro.write_text(
        original.replace(
            "    {%- if plan.own and facts.attachable -%}",
            "    {%- do statements.append('select sleep(3)') -%}\n    {%- if plan.own and facts.attachable -%}",
        )
    )
    connected.postgres("""update "BountyMetric" set "trackCount" = "trackCount" + 1 where "bountyId" = 3""")
    publish = connected.folder / "macros/events/publish_slice.sql"
    call = "{% call statement('publish_slice') %}"
    publish.write_text(publish.read_text().replace(call, "{% do log(sql, info=true) %}" + call))
    killed = connected.start(str(BIN / "dbt"), *RUN_BOUNTY, until="select sleep(3)", then=Project.kill)
    assert killed.code != 0
    assert connected.bounty_slice() == [] and connected.outside() == before
    macro.write_text(original)
    connected.dbt(*RUN_BOUNTY)
    assert connected.bounty_slice() == connected.bounty_source()
    assert connected.outside() == before


def test_a_delete_that_attaching_by_another_thread_interrupts(connected: Project) -> None:
    """ClickHouse stops a delete for the time of an attach, and begins it anew: publishing waits until it is through."""
    connected.create_event_table()
    connected.dbt_here(*RUN_BOUNTY)
    connected.rows(f"insert into {EVENTS} select 'Image', number, 1, 'Like', 1, '2025-01-02 00:00:00', 2 from numbers(4000000)")
    connected.rows(f"optimize table {EVENTS} final")  # into one part, so that the delete takes some time
    connected.rows(f"create table entity_metrics.other as {EVENTS}")
    connected.postgres("""update "BountyMetric" set "trackCount" = "trackCount" + 1 where "bountyId" = 3""")
    connected.release()
    published = threading.Event()
    with contextlib.closing(connected.client()) as other:

        def attach() -> None:
            while not published.wait(0.02):
                other.command(f"alter table {EVENTS} attach partition id '202501' from entity_metrics.other")

        attaching = threading.Thread(target=attach)
        attaching.start()
        threading.Timer(4, published.set).start()
        connected.dbt_here(*RUN_BOUNTY)
        published.set()
        attaching.join()
    assert connected.bounty_slice() == connected.bounty_source()


def test_a_delete_of_a_run_that_was_killed(connected: Project) -> None:
    """ClickHouse goes on with it: the next run waits for it before it looks at what is there."""
    connected.dbt_here(*RUN_BOUNTY)
    with contextlib.closing(connected.client()) as other:
        other.command(f"system stop merges {EVENTS}")
        other.command(
            f"delete from {EVENTS} where version = 3 and 'model.entity_metrics.bounty_metrics' != ''"
            " settings lightweight_deletes_sync = 0"
        )
        threading.Timer(3, lambda: other.command(f"system start merges {EVENTS}")).start()
        connected.dbt_here(*RUN_BOUNTY)
        assert not other.query("select 1 from system.mutations where not is_done").result_rows
    assert connected.bounty_slice() == connected.bounty_source() != []


@pytest.mark.parametrize(
    ("engine", "created_at", "order_by"),
    [
        ("MergeTree", "DateTime64(3)", None),
        ("ReplacingMergeTree", "DateTime", "entityType, entityId, metricType, userId, createdAt"),
        ("MergeTree", "DateTime", "entityType, metricType, entityId"),
    ],
)
def test_publishes_by_insert_where_attaching_is_impossible(
    connected: Project, engine: str, created_at: str, order_by: str | None
) -> None:
    """Another engine, key or column type: by insert, and the log says so. Again, to replace what was inserted."""
    connected.create_event_table(engine, created_at, order_by)
    if engine == "MergeTree":
        connected.add_live_events()
    before = connected.outside()
    for _ in range(2):
        ran = connected.dbt("build", "--select", "bounty_metrics")
        assert f"({engine}) cannot take partitions of" in ran.output
        assert connected.bounty_slice() == connected.bounty_source()
        assert connected.outside() == before


def test_publishes_by_insert_beside_a_skip_index(connected: Project) -> None:
    connected.create_event_table()
    connected.rows(f"alter table {EVENTS} add index by_value metricValue type minmax granularity 1")
    assert "cannot take partitions" in connected.dbt(*RUN_BOUNTY).output
    assert connected.bounty_slice() == connected.bounty_source()


def test_attaches_where_it_can(connected: Project) -> None:
    """Parts of the model are linked into the event table: no row is written a second time."""
    connected.create_event_table()
    assert "cannot take partitions" not in connected.dbt(*RUN_BOUNTY).output
    hashes = connected.rows(
        "select count(), uniqExact(hash_of_all_files) from system.parts"
        " where active and table in ('bounty_metrics', 'entityMetricEvents_new')"
    )
    assert hashes[0][0] == 2 * hashes[0][1]


@pytest.mark.parametrize(
    ("engine", "order_by", "sentence"),
    [
        ("ReplacingMergeTree", "entityType, entityId, createdAt", "would merge different metrics of one entity"),
        ("SummingMergeTree", "entityType, entityId, createdAt", "would merge different metrics of one entity"),
    ],
)
def test_refuses_an_engine_that_would_merge_metrics(connected: Project, engine: str, order_by: str, sentence: str) -> None:
    connected.create_event_table(engine, order_by=order_by)
    assert sentence in connected.dbt(*RUN_BOUNTY, ok=False).output
    assert connected.bounty_slice() == []


def test_refuses_an_event_table_without_version(connected: Project) -> None:
    connected.create_event_table()
    connected.rows(f"alter table {EVENTS} drop column version")
    assert "has no column version" in connected.dbt(*RUN_BOUNTY, ok=False).output


def test_an_empty_source_does_not_replace_events(connected: Project) -> None:
    """Unless a var allows it. An empty table over an empty slice is no error."""
    connected.postgres("""create table kept as select * from "BountyMetric"; truncate "BountyMetric" """)
    connected.dbt("build", "--select", "bounty_metrics")
    connected.postgres("""insert into "BountyMetric" select * from kept""")
    connected.dbt(*RUN_BOUNTY)
    published = connected.bounty_slice()
    connected.postgres("""truncate "BountyMetric" """)
    ran = connected.dbt(*RUN_BOUNTY, ok=False)
    assert "nothing was published" in ran.output and "allow_empty_slice" in ran.output
    assert connected.bounty_slice() == published != []
    connected.dbt(*RUN_BOUNTY, "--vars", "{allow_empty_slice: true}")
    assert connected.bounty_slice() == []


def test_publishing_again_leaves_what_is_there(connected: Project) -> None:
    """Months that hold the same events are not touched: no part of the event table is new."""
    parts = "select name, modification_time from system.parts where active and table = 'entityMetricEvents_new' order by all"
    connected.dbt(*RUN_BOUNTY)
    before = connected.rows(parts)
    connected.dbt(*RUN_BOUNTY)
    assert connected.rows(parts) == before != []


def test_statements_for_targets_that_cannot_be_run_here(connected: Project) -> None:
    """What is sent to a sharded cluster, and to a table that takes partitions, as rendered."""
    (connected.folder / "macros/show_statements.sql").write_text(
        """{% macro show_statements(facts) %}
            {% set plan = publishing_plan(
                {'202501': [1, 7], '202502': [1, 8], '202503': [1, 9]}, {'202501': [2, 7], '202503': [1, 9], '202504': [1, 1]}, {}
            ) %}
            {% for sql in publishing_statements('events', 'version = 3', facts, plan, ['new_slice', 'true'], []) %}
                {% do log('SQL ' ~ sql, info=true) %}
            {% endfor %}
        {% endmacro %}"""
    )

    def rendered(facts: str) -> list[str]:
        output = connected.dbt("run-operation", "show_statements", "--args", f"{{facts: {facts}}}").output
        return [line.split("SQL ", 1)[1] for line in output.splitlines() if "SQL " in line]

    assert rendered("{attachable: true, local_table: null}") == [
        "delete from events where _partition_id in ('202501', '202502') and version = 3",
        "alter table events attach partition id '202501' from new_slice, attach partition id '202504' from new_slice",
    ]
    columns = "entityType, entityId, userId, metricType, metricValue, createdAt, version"
    assert rendered("{attachable: false, local_table: site.events_local, cluster: shards}") == [
        "delete from site.events_local on cluster 'shards' where version = 3",
        f"insert into events ({columns}) select {columns} from new_slice where true"
        " settings insert_deduplicate = 0, max_insert_threads = 2, max_partitions_per_insert_block = 0",
    ]
