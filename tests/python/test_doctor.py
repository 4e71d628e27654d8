"""What `entity-metrics doctor` sees before a run: a source or a target with each trouble, and the line that names it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from entity_metrics import trial
from entity_metrics.doctor import source_settings, source_tables, source_values, target_checks
from entity_metrics.doctor.findings import Finding
from entity_metrics.doctor.source_view import SourceView, range_keys_of
from entity_metrics.target import Target
from harness import Project, Server
from troubles import IN_THE_SOURCE

SOURCE_CHECKS = {check.name: check for module in (source_settings, source_tables, source_values) for check in module.CHECKS}
CHECKS = SOURCE_CHECKS | {check.name: check for check in target_checks.CHECKS}


@dataclass
class Patient:
    """A target with a source that the test may spoil. view: made anew for each look."""

    target: Target
    make_view: Callable[[], SourceView]

    def says(self, check: str) -> list[Finding]:
        return CHECKS[check](self.make_view() if check in SOURCE_CHECKS else self.target)


@pytest.fixture
def patient(server: Server, embedded: Target, prepared) -> Iterator[Patient]:
    """A database of the sample's, connected as the role `reader`, who may read all of it and is no superuser."""
    server.copy_sample("doctor")
    with server.connect("postgres") as connection:
        connection.execute("create role reader login password 's3cret-Pa55'")
    with server.connect("doctor") as connection:
        connection.execute("grant usage on schema public, brand_visibility to reader")
        connection.execute("grant select on all tables in schema public, brand_visibility to reader")
    for name, schema in (("postgres_source", "public"), ("brand_visibility_source", "brand_visibility")):
        embedded.command(f"create named collection {name} as port = 1")
        embedded.command(
            f"alter named collection {name} set host = '{server.environment['PGHOST']}', port = {server.environment['PGPORT']},"
            f" user = 'reader', password = 's3cret-Pa55', database = 'doctor', schema = '{schema}'"
        )
        embedded.command(f"create database {name} engine = PostgreSQL({name}) comment 'schema: {schema}'")
    manifest = prepared(None, None).manifest()

    def make_view() -> SourceView:
        view = SourceView(embedded, "postgres")
        view.__dict__["range_keys"] = range_keys_of(manifest, "postgres")
        return view

    yield Patient(embedded, make_view)
    server.drop("doctor")
    with server.connect("postgres") as connection:
        connection.execute("drop role reader")


@pytest.mark.parametrize(("trouble", "check", "level", "thing"), IN_THE_SOURCE, ids=[case[3][:40] for case in IN_THE_SOURCE])
def test_trouble_in_the_source(server: Server, patient: Patient, trouble: str, check: str, level: str, thing: str) -> None:
    assert {finding.level for finding in patient.says(check)} == {"ok"}
    with server.connect("doctor") as connection:
        connection.execute(trouble.encode())
    found = [finding for finding in patient.says(check) if thing in finding.thing]
    assert [finding.level for finding in found] == [level], patient.says(check)
    assert found[0].remedy


def test_connections_that_are_not_free(server: Server, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the server, or of the user: fewer than two models side by side would open."""
    monkeypatch.setattr(source_settings, "project_var", lambda _name: 1000)
    assert "Postgres has" in patient.says("connections")[0].thing
    with server.connect("doctor") as connection:
        connection.execute("alter role reader connection limit 20")
    found = patient.says("connections")[0]
    assert (found.level, "the user may open" in found.thing) == ("warning", True)


def test_a_source_that_is_not_utf8(server: Server, patient: Patient) -> None:
    with server.connect("postgres") as connection:
        connection.execute("create database latin encoding 'LATIN1' locale 'C' template template0")
        try:
            patient.target.command("alter named collection postgres_source set database = 'latin'")
            assert "sends texts in the encoding LATIN1" in patient.says("settings of Postgres")[0].thing
        finally:
            connection.execute("drop database latin with (force)")


def test_columns_of_brand_visibility(server: Server, patient: Patient) -> None:
    """Lists of bigint and of json, measures as float8; times with a zone are as they should be, unless the user is elsewhere."""

    def types() -> dict[str, str]:
        return {
            finding.thing: finding.level for finding in CHECKS["column types"](SourceView(patient.target, "brand_visibility"))
        }

    assert set(types().values()) == {"ok"}
    with server.connect("doctor") as connection:
        connection.execute(
            "alter table brand_visibility.extracted_positions alter brand_positions type bigint[],"
            " alter competitor_positions type jsonb using to_jsonb(competitor_positions),"
            " alter visibility_index type float8"
        )
        connection.execute("alter role reader set timezone = 'Asia/Tokyo'")
    found = types()
    for thing, level in (
        ("brand_positions is bigint[]", "warning"),
        ("competitor_positions is jsonb", "warning"),
        ("visibility_index is double precision, which may hold NaN", "warning"),
        ("processed_at is timestamptz", "error"),
    ):
        assert [found[each] for each in found if thing in each] == [level], found


def test_values_that_brand_visibility_rejects(server: Server, patient: Patient) -> None:
    """A time beyond what a fact holds, and JSON that is no list: warnings, since the rows are rejected by name."""
    with server.connect("doctor") as connection:
        connection.execute(
            "alter table brand_visibility.extracted_positions alter brand_positions type jsonb using to_jsonb(brand_positions);"
            " update brand_visibility.extracted_positions set brand_positions = '{}', processed_at = 'infinity' where id % 50 = 1"
        )
    found = CHECKS["values"](SourceView(patient.target, "brand_visibility"))
    assert [finding.level for finding in found] == ["warning", "warning"]
    assert ["such as {}" in finding.thing or "such as infinity" in finding.thing for finding in found] == [True, True]


def test_all_troubles_at_once(server: Server, patient: Patient) -> None:
    """One of each: a line for each, and none hides another."""
    troubles = [
        ("alter role reader set datestyle = 'SQL, DMY'", ["DateStyle SQL, DMY"]),
        ("alter role reader set timezone = 'Asia/Tokyo'", ["the zone Asia/Tokyo"]),
        ('alter table "TagMetric" enable row level security', ["of TagMetric hides rows", "TagMetric has no rows"]),
        (
            """update "Comment" set "createdAt" = '10000-01-01' where id = 1""",
            ["rows of Comment have a createdAt that does not fit"],
        ),
        (
            """alter table "BuzzTip" alter amount type numeric; update "BuzzTip" set amount = 0.5""",
            ["BuzzTip.amount is numeric without precision", "a amount that does not fit, such as 0.5"],
        ),
        (
            """alter table "BountyMetric" drop constraint "BountyMetric_pkey", alter timeframe type char(10)""",
            ["keeps BountyMetric from having a key twice", "BountyMetric.timeframe is char(n)"],
        ),
        ('alter table "ArticleMetric" rename to gone', ["has no table ArticleMetric"]),
        ('create schema old; create table old."UserMetric" (a text)', ["a UserMetric in the schema old"]),
    ]
    with server.connect("doctor") as connection:
        for sql, _ in troubles:
            connection.execute(sql.encode())
    view = patient.make_view()
    found = [finding for check in SOURCE_CHECKS.values() for finding in check(view) if finding.level != "ok"]
    for _, things in troubles:
        for thing in things:
            lines = [finding for finding in found if thing in finding.thing]
            assert len(lines) == 1 and lines[0].remedy, (thing, found)


def test_not_connected(patient: Patient) -> None:
    patient.target.command("alter named collection postgres_source set port = 1")
    assert patient.says("connection")[0].remedy.startswith("Postgres is not reachable")
    patient.target.command("drop database postgres_source")
    assert patient.says("connection")[0].thing == "there is no source database postgres_source on the target"
    patient.target.command("create database postgres_source")
    assert "of engine Atomic, not PostgreSQL" in patient.says("connection")[0].thing


def test_trouble_on_the_target(patient: Patient) -> None:
    target = patient.target
    for name in ("engine", "time zone of ClickHouse", "settings of ClickHouse", "database", "event table", "leases", "trials"):
        assert {finding.level for finding in patient.says(name)} == {"ok"}, name
    left = trial.begin(target)
    target.command(
        "create table entity_metrics.lease__stg_tags (nothing UInt8) engine = Null"
        """ comment '{"holder": "7-7", "since": "2026-01-01 00:00:00"}'"""
    )
    target.command(
        "create table entity_metrics.entityMetricEvents_new (entityType String, entityId Int32, userId Int32, metricType String,"
        " createdAt DateTime, version UInt8, projection by_user (select userId, count() group by userId))"
        " engine = MergeTree order by entityId"
    )
    target.command(
        "create materialized view entity_metrics.rollup engine = MergeTree order by entityId"
        " as select entityId from entity_metrics.entityMetricEvents_new"
    )
    try:
        for check, things in {
            "trials": [f"the database {left.database} is a trial's"],
            "leases": ["entity_metrics.stg_tags is held by invocation 7-7 since 2026-01-01 00:00:00 UTC"],
            "event table": [
                "has no column metricValue",
                "not by months",
                "view entity_metrics.rollup reads",
                "projection by_user",
            ],
        }.items():
            found = patient.says(check)
            for thing in things:
                assert [finding for finding in found if thing in finding.thing and finding.level != "ok" and finding.remedy], (
                    found
                )
    finally:
        left.drop()
        for table in ("rollup", "entityMetricEvents_new", "lease__stg_tags"):
            target.command(f"drop table entity_metrics.{table}")


def test_rights_and_zones_that_are_not_there(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded engine's user may not make users; a session in another zone; a full disk; an old engine."""
    target = patient.target
    assert {finding.level for finding in patient.says("rights in ClickHouse")} == {"ok"}
    lacking = list(target_checks.rights(target, ["create user on *.*", "frobnicate on *.*"]))
    assert [level for level, _, _ in lacking] == ["error", "warning"]
    monkeypatch.setattr(target_checks, "LEAST_FREE", 2**60)
    monkeypatch.setattr(target_checks, "OLDEST", (99, 1))
    assert "GiB free" in patient.says("disk")[0].thing
    assert (patient.says("engine")[0].level, patient.says("engine")[0].remedy) == ("error", "take 25.8 LTS or later.")
    assert not source_settings.is_utc("Europe/Berlin") and source_settings.is_utc("Etc/UTC")


def test_the_command(connected: Project) -> None:
    """A line for each check, exit code 1 at an error, and one JSON document on request."""
    ran = connected.command("doctor")
    assert "ok       embedded          time zone of ClickHouse: dbt's session is in UTC" in ran.output
    assert "checked: 0 errors" in ran.output
    connected.postgres('drop table "TagMetric"')
    ran = connected.command("doctor", "--source", "postgres", "--output", "json", ok=False)
    assert ran.code == 1
    document = json.loads(ran.output)
    assert document["errors"] == 1 and document["sources"] == ["postgres"]
    lines = [finding for finding in document["findings"] if finding["level"] == "error"]
    assert lines[0]["subject"] == "postgres" and "no table TagMetric" in lines[0]["thing"]
    profile = connected.folder / "profiles.yml"
    profile.write_text(profile.read_text().replace("session_timezone: UTC", "session_timezone: Asia/Tokyo"))
    elsewhere = connected.command("doctor", ok=False)
    assert "error    embedded          time zone of ClickHouse: dbt's session is in the time zone Asia/Tokyo" in elsewhere.output
