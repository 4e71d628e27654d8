"""The snapshot of brand_competitors: removed competitors, and dbt-clickhouse's traps around snapshots."""

from brand_visibility import BUILD, COMPETITORS, JOB
from harness import BIN, Project
from warm import Started

BUILT = JOB
HISTORY = "entity_metrics.brand_competitors_history"
SNAPSHOT = "snapshots/brand_visibility/brand_competitors_history.yml"
RIVAL = "competitor_name = 'Rival 3.1'"


def reasons(project: Project) -> set[tuple[str, bool]]:
    """The reasons for which Rival 3.1's rows are rejected, and whether a time of removal is known."""
    rows = f"select distinct toString(reason), removed_at is not null from entity_metrics.brand_visibility_rejects where {RIVAL}"
    return {(reason, bool(has_time)) for reason, has_time in project.rows(rows)}


def versions(project: Project) -> tuple[int, int]:
    """Versions in the history that are valid now, and that are not."""
    return project.rows(f"select countIf(dbt_valid_to is null), countIf(dbt_valid_to is not null) from {HISTORY}")[0]


def test_a_removed_competitor_is_told_from_an_unknown_one(built: Project) -> None:
    """`dbt run` goes without a snapshot; a build takes one; removed, added again, renamed."""
    assert versions(built) == (0, 0)
    built.dbt_here(*BUILD)
    assert versions(built) == (21, 0) and reasons(built) == set()
    stayed = "select count() from entity_metrics.competitor_metrics"
    before = built.value(stayed)

    removed = built.postgres(f"delete from {COMPETITORS} where {RIVAL} returning id, brand_id")
    built.dbt_here("run", "--select", JOB)
    assert reasons(built) == {("removed_competitor", False)} and versions(built) == (21, 0)
    built.dbt_here(*BUILD)
    assert reasons(built) == {("removed_competitor", True)} and versions(built) == (20, 1)
    gone = before - built.value(stayed)
    rejects = "select count() from entity_metrics.brand_visibility_rejects where"
    assert gone == built.value(f"{rejects} {RIVAL}") > 0
    assert built.value(f"{rejects} reason = 'unknown_competitor' and removed_at is null") == 2
    noticed = f"select max(dbt_valid_to) between now() - interval 5 minute and now() from {HISTORY}"
    assert built.value(noticed) and not built.value(
        f"select count() from {HISTORY} where id = '{removed[0][0]}' and dbt_valid_to is null"
    )

    added = (
        f"insert into {COMPETITORS} (id, brand_id, competitor_name) values (gen_random_uuid(), '{removed[0][1]}', 'Rival 3.1')"
    )
    built.postgres(added)
    built.postgres(f"update {COMPETITORS} set competitor_name = 'Rival 3.2 Inc' where competitor_name = 'Rival 3.2'")
    built.dbt_here(*BUILD)
    assert reasons(built) == set() and versions(built) == (21, 2) and built.value(stayed) < before
    assert built.value(f"{rejects} competitor_name = 'Rival 3.2' and reason = 'unknown_competitor'") > 0


def test_a_killed_snapshot_leaves_no_duplicates(connected: Project) -> None:
    """Killed between its inserts, then run twice. Without the hook, what the kill left is there once more."""
    connected.dbt_here("run", "--select", "stg_brand_competitors")
    command = ["snapshot", "--select", "brand_competitors_history"]
    connected.dbt_here(*command)
    connected.postgres(f"delete from {COMPETITORS} where {RIVAL}")
    connected.dbt_here("run", "--select", "stg_brand_competitors")
    second_insert = "join updates_and_deletes on target.dbt_scd_id"
    connected.start(str(BIN / "dbt"), "--log-level", "debug", *command, until=second_insert, then=Started.kill)
    assert connected.value(f"select count() from {HISTORY}__snapshot_upsert") >= 20
    assert versions(connected) == (21, 0)

    path = connected.folder / SNAPSHOT
    right = path.read_text()
    path.write_text(right.replace("{{ drop_unfinished_snapshot() }}", ""))
    connected.rows(f"create table {HISTORY}__left as {HISTORY}__snapshot_upsert")
    connected.rows(f"insert into {HISTORY}__left select * from {HISTORY}__snapshot_upsert")
    connected.dbt(*command)
    assert versions(connected) == (40, 1)
    tests = connected.dbt("test", "--select", "brand_competitors_history", ok=False).output
    assert "FAIL 20 unique_brand_competitors_history" in tests and "FAIL 20 unique_current_brand_competitors_history" in tests

    path.write_text(right)
    connected.rows(f"truncate table {HISTORY}")
    connected.rows(f"exchange tables {HISTORY} and {HISTORY}__left")
    connected.rows(f"create table {HISTORY}__snapshot_upsert as {HISTORY}")
    connected.rows(f"insert into {HISTORY}__snapshot_upsert select * from {HISTORY}")
    for _ in range(2):
        connected.dbt_here(*command)
        assert versions(connected)[0] == 20
    assert connected.value("select count() from system.tables where name like '%__snapshot_upsert'") == 0


def test_a_removal_is_seen_with_join_use_nulls_alone(connected: Project) -> None:
    """Without it an unmatched left join gives no null: dbt-clickhouse sees no removed row."""
    path = connected.folder / SNAPSHOT
    right = path.read_text()
    setting = "      query_settings: {join_use_nulls: 1}\n"
    assert setting in right
    command = ["snapshot", "--select", "brand_competitors_history"]
    connected.dbt_here("run", "--select", "stg_brand_competitors")
    connected.dbt_here(*command)
    connected.postgres(f"update {COMPETITORS} set id = gen_random_uuid() where {RIVAL}")
    connected.dbt_here("run", "--select", "stg_brand_competitors")
    path.write_text(right.replace(setting, ""))
    connected.dbt(*command)
    assert versions(connected) == (22, 0)
    path.write_text(right)
    for _ in range(2):
        connected.dbt_here(*command)
        assert versions(connected) == (21, 1)
