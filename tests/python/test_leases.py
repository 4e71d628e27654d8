"""One writer at a time: leases of pulls and slices."""

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from harness import Project
from macros import load

LEASES = "select name from system.tables where database = 'entity_metrics' and startsWith(name, 'lease__')"
OTHER = "0a000000-1111-4222-8333-444444444444"


QUICKER = "0b000000-1111-4222-8333-444444444444"


def hold(project: Project, name: str, seconds_ago: int) -> None:
    """Take a lease by hand as another invocation, renewed so many seconds ago."""
    project.rows(held(name, OTHER, project.value(f"select toString(now('UTC') - {seconds_ago})")))


def held(name: str, holder: str, renewed: str) -> str:
    """The statement by which an invocation takes a lease."""
    note = f'{{"holder": "{holder}", "host": "far", "since": "2026-01-02 03:04:05", "renewed": "{renewed}"}}'
    return f"create table entity_metrics.`lease__{name}` (nothing UInt8) engine = Null comment '{note}'"


def as_on_a_server(project: Project) -> None:
    """Without what is sure of an embedded engine alone: that its folder is open to one process."""
    macros = project.folder / "macros/publish/lease.sql"
    macros.write_text(macros.read_text().replace("one_process=target.type == 'chdb'", "one_process=false"))


def test_a_second_writer_is_refused(connected: Project) -> None:
    """It says who holds the lease, since when, until when, and how to break it; broken, the lease is free."""
    as_on_a_server(connected)
    connected.dbt("run", "--select", "stg_tag_metrics")
    assert connected.rows(LEASES) == []
    hold(connected, "stg_tag_metrics", seconds_ago=10)
    refused = connected.dbt("run", "--select", "stg_tag_metrics", ok=False)
    assert f"Another run is writing stg_tag_metrics: invocation {OTHER} on far, since 2026-01-02 03:04:05 UTC" in refused.output
    assert "its lease expires at 20" in refused.output
    assert "dbt run-operation break_lease --args '{name: stg_tag_metrics}'" in refused.output
    broken = connected.dbt("run-operation", "break_lease", "--args", "{name: stg_tag_metrics}")
    assert f"of invocation {OTHER}, held since 2026-01-02 03:04:05 UTC, is broken" in broken.output
    assert connected.rows(LEASES) == []
    none = connected.dbt("run-operation", "break_lease", "--args", "{name: stg_tag_metrics}", ok=False)
    assert "There is no lease stg_tag_metrics" in none.output
    connected.dbt("run", "--select", "stg_tag_metrics")


def test_an_expired_lease_is_taken_over(connected: Project) -> None:
    as_on_a_server(connected)
    connected.rows("create database if not exists entity_metrics")
    hold(connected, "stg_tag_metrics", seconds_ago=150)
    ran = connected.dbt("run", "--select", "stg_tag_metrics")
    assert f"The lease stg_tag_metrics of invocation {OTHER}, which is gone, is taken over" in ran.output
    assert connected.rows(LEASES) == []
    hold(connected, "stg_tag_metrics", seconds_ago=150)
    refused = connected.dbt("run", "--select", "stg_tag_metrics", "--vars", "{lease_seconds: 200}", ok=False)
    assert "Another run is writing stg_tag_metrics" in refused.output


LATE = {
    "is taking it over": [held(f"stg_tag_metrics__{OTHER}", QUICKER, "2100-01-01 00:00:00")],
    "has taken it over": [
        "drop table entity_metrics.lease__stg_tag_metrics sync",
        held("stg_tag_metrics", QUICKER, "2100-01-01 00:00:00"),
    ],
}
"""What another run does meanwhile that has found the same lease dead."""


@pytest.mark.parametrize("quicker", LATE)
def test_the_second_to_find_a_lease_dead_is_refused(connected: Project, quicker: str) -> None:
    """By the sentence, not by an error of the engine; and what the quicker one holds stays."""
    as_on_a_server(connected)
    macros = connected.folder / "macros/publish/lease.sql"
    found_dead = "{% do take_over_lease(name, database, lease.holder) %}"
    assert found_dead in macros.read_text()
    meanwhile = "".join(f"{{% call statement('meanwhile') %}}{sql}{{% endcall %}}" for sql in LATE[quicker])
    macros.write_text(macros.read_text().replace(found_dead, meanwhile + found_dead))
    connected.rows("create database if not exists entity_metrics")
    hold(connected, "stg_tag_metrics", seconds_ago=150)
    refused = connected.dbt("run", "--select", "stg_tag_metrics", ok=False)
    assert f"Another run is writing stg_tag_metrics: invocation {QUICKER} on far, since" in refused.output
    assert "break_lease --args '{name: stg_tag_metrics}'" in refused.output
    assert "Database Error" not in refused.output
    holders = LEASES.replace("select name", "select JSONExtractString(comment, 'holder')")
    assert (QUICKER,) in connected.rows(holders)


def test_a_killed_run_of_an_embedded_engine_blocks_nobody(connected: Project) -> None:
    connected.rows("create database if not exists entity_metrics")
    hold(connected, "stg_tag_metrics", seconds_ago=0)
    connected.dbt("run", "--select", "stg_tag_metrics")
    assert connected.rows(LEASES) == []


def test_a_failed_node_leaves_no_lease(connected: Project) -> None:
    connected.postgres('alter table "TagMetric" drop "followerCount"')
    assert "lacks the mapped column" in connected.dbt("run", "--select", "stg_tag_metrics", ok=False).output
    assert connected.rows(LEASES) == []


def test_a_broken_lease_stops_its_holder(connected: Project) -> None:
    """The swap is the last thing that a pull does, and it asks for its lease before."""
    as_on_a_server(connected)
    pull = connected.folder / "macros/pull/pull.sql"
    meanwhile = "{% do run_query('drop table ' ~ this.schema ~ '.lease__' ~ this.identifier ~ ' sync') %}\n    "
    pull.write_text(pull.read_text().replace("{# Nothing but finished ranges", meanwhile + "{# Nothing but finished ranges"))
    failed = connected.dbt("run", "--select", "stg_tag_metrics", ok=False)
    assert "The lease stg_tag_metrics of this run was broken: nothing more is written" in failed.output
    assert connected.rows("select name from system.tables where name = 'stg_tag_metrics'") == []


def test_statements_name_their_invocation(connected: Project) -> None:
    """By that a lease's holder is known in system.processes: a long statement renews nothing, and its run is alive."""
    macros = connected.folder / "macros/said.sql"
    macros.write_text(
        """{% macro said() %}
        {% set query = run_query("select query from system.processes limit 1")[0][0] %}
        {% do log('found: ' ~ (invocation_id in query), info=true) %}{% endmacro %}"""
    )
    assert "found: True" in connected.dbt("run-operation", "said").output


@pytest.mark.parametrize(("seconds_left", "running", "is_dead"), [(1, 0, False), (-1, 1, False), (-1, 0, True), (0, 0, False)])
def test_when_a_lease_is_dead(seconds_left: int, running: int, is_dead: bool) -> None:
    lease = {"seconds_left": seconds_left, "running": running}
    macros = load("publish/lease.sql", target=Target("clickhouse"))
    assert macros["lease_is_dead"](lease) == is_dead
    assert load("publish/lease.sql", target=Target("chdb"))["lease_is_dead"](lease)


def test_statements_on_a_cluster() -> None:
    """Each goes to all servers of the cluster, and who runs there is asked of all."""
    said: list[str] = []

    def statement(_name: str, caller: Callable[[], str]) -> str:
        said.append(" ".join(caller().split()))
        return ""

    def run_query(sql: str) -> list[dict[str, Any]]:
        said.append(" ".join(sql.split()))
        held = {"is_free": 0, "holder": OTHER} if len(said) > 2 else {"is_free": 1, "holder": None}
        return [
            {"asked_at": "2026-01-01 00:00:00", "host": "", "since": "", "expires": "", "seconds_left": 0, "running": 0} | held
        ]

    macros = load(
        "publish/lease.sql",
        target=Target("clickhouse"),
        invocation_id=OTHER,
        adapter=Cluster(),
        api=Api(),
        modules=SimpleNamespace(re=re),
        var=lambda name: 120,
        env_var=lambda name, default: "here",
        tojson=json.dumps,
        run_query=run_query,
        on_cluster_clause=lambda relation: 'ON CLUSTER "dc1"',
        log=lambda message, info: None,
        statement=statement,
    )
    macros["acquire_lease"]("stg_x", "db")
    macros["take_over_lease"]("stg_x", "db", OTHER)
    note = f'{{"holder": "{OTHER}", "host": "here", "since": "%s", "renewed": "2026-01-01 00:00:00"}}'
    assert macros["statements_of"](OTHER) == 0
    assert 'from clusterAllReplicas("dc1", system.processes)' in said.pop()
    assert said[1] == (
        'create table if not exists db.lease__stg_x ON CLUSTER "dc1" ( nothing UInt8 ) engine = Null'
        f" comment '{note % '2026-01-01 00:00:00'}'"
    )
    renewed = f"""modify comment '{note % ""}'"""
    assert said[3] == f'alter table db.lease__stg_x ON CLUSTER "dc1" {renewed}'
    assert said[5].startswith(f'create table if not exists db.lease__stg_x__{OTHER} ON CLUSTER "dc1" ( nothing UInt8 )')
    assert said[7] == f'alter table db.lease__stg_x__{OTHER} ON CLUSTER "dc1" {renewed}'
    assert said[9:] == ['drop table if exists db.lease__stg_x ON CLUSTER "dc1" sync']


class Target:
    schema = "db"

    def __init__(self, kind: str) -> None:
        self.type = kind


class Cluster:
    def get_clickhouse_cluster_name(self) -> str:
        return '"dc1"'

    def should_on_cluster(self, *_arguments: Any) -> bool:
        return True


class Api:
    class Relation:
        @staticmethod
        def create(schema: str, identifier: str, **_kwargs: Any) -> str:
            return f"{schema}.{identifier}"
