"""What is sent to a cluster: a server that notes the statements `on cluster`, and carries them out on itself."""

import re
from pathlib import Path

from clickhouse_server import ServerProject
from harness import EVENTS

CLUSTER = "replicas"
OURS = f"""
    create database if not exists entity_metrics on cluster replicas
    create named collection if not exists postgres_source_trial on cluster replicas
    alter named collection postgres_source_trial on cluster replicas
    drop named collection if exists postgres_source_trial on cluster replicas
    create named collection if not exists postgres_source on cluster replicas
    alter named collection postgres_source on cluster replicas
    drop database if exists postgres_source on cluster replicas
    create database postgres_source on cluster replicas
    create database if not exists entity_metrics_dbt_test__audit on cluster replicas
    create table entity_metrics.metrics on cluster replicas
    alter table entity_metrics.metrics on cluster replicas
    create table if not exists entity_metrics.run_results on cluster replicas
    create table if not exists entity_metrics.lease__stg_bounty_metrics on cluster replicas
    alter table entity_metrics.lease__stg_bounty_metrics on cluster replicas
    create table if not exists entity_metrics.pull_ledger on cluster replicas
    drop table if exists entity_metrics.stg_bounty_metrics__pull on cluster replicas
    create table entity_metrics.stg_bounty_metrics__pull on cluster replicas
    drop table if exists entity_metrics.stg_bounty_metrics on cluster replicas
    rename table entity_metrics.stg_bounty_metrics__pull to entity_metrics.stg_bounty_metrics on cluster replicas
    drop table if exists entity_metrics.lease__stg_bounty_metrics on cluster replicas
    create table entity_metrics.bounty_metric_events on cluster replicas
    create table if not exists entity_metrics.lease__bounty_metrics on cluster replicas
    alter table entity_metrics.lease__bounty_metrics on cluster replicas
    create table if not exists {EVENTS} on cluster replicas
    drop table if exists entity_metrics.bounty_metrics__slice on cluster replicas
    create table if not exists entity_metrics.publish_log on cluster replicas
    drop table if exists entity_metrics.lease__bounty_metrics on cluster replicas
    create or replace view entity_metrics.bounty_metrics on cluster replicas
    exchange tables entity_metrics.stg_bounty_metrics__pull and entity_metrics.stg_bounty_metrics on cluster replicas
    create table entity_metrics.bounty_metric_events__dbt_backup on cluster replicas
    exchange tables entity_metrics.bounty_metric_events__dbt_backup and entity_metrics.bounty_metric_events on cluster replicas
    drop table if exists entity_metrics.bounty_metric_events__dbt_backup on cluster replicas
"""
"""Each kind of statement in the order in which it is sent first: by connecting, by a first run and by a second one."""

REPLICATED = ("run_results", "entityMetricEvents_new", "publish_log")
"""Tables of ours with a content that no run builds anew."""


def test_statements_on_cluster(served: ServerProject, tmp_path: Path) -> None:
    served.connect("--target", "server")
    for _ in range(2):
        served.dbt("run", "--target", "server", "--select", "+bounty_metrics")
        assert served.bounty_slice() == served.bounty_source() != []
        served.postgres("""update "BountyMetric" set "trackCount" = "trackCount" + 1 where "bountyId" = 3""")
    noted = [re.sub(r'/\*.*?\*/ |["`]', "", line) for line in (tmp_path / "clickhouse.on_cluster").read_text().splitlines()]
    kinds = [re.sub(r"( on cluster replicas).*", r"\1", statement, flags=re.IGNORECASE) for statement in noted]
    kinds = [kind if EVENTS in kind else kind.lower() for kind in kinds]
    every_kind = kinds
    kinds = [kind for kind in kinds if not re.search("excluded_users|engagement_weights", kind)]  # as metrics
    assert list(dict.fromkeys(kinds)) == [line.strip() for line in OURS.strip().splitlines()]
    for statement, kind in zip(noted, every_kind, strict=True):
        replicated = kind.startswith("create table") and any(table in kind for table in REPLICATED)
        assert ("engine = ReplicatedMergeTree" in statement) == replicated, statement
