"""Checks of the ClickHouse target: engine, settings, rights, and what runs left there."""

import csv
from collections.abc import Iterator

from entity_metrics import registry, trial
from entity_metrics.doctor.findings import ERROR, OK, WARNING, Check
from entity_metrics.doctor.source_settings import is_utc
from entity_metrics.project import project_var
from entity_metrics.source import PREFIXES, collection_and_database, source_tables
from entity_metrics.target import Target

Said = Iterator[tuple[str, str, str]]

OLDEST = (25, 8)
CAN_EXCHANGE = ("Atomic", "Replicated", "Shared")
LEAST_FREE = 5 * 2**30


def version(target: Target) -> Said:
    said = str(target.value("select version()"))
    if tuple(int(part) for part in said.split(".")[:2]) < OLDEST:
        yield ERROR, f"ClickHouse {said}", "take 25.8 LTS or later."
    else:
        yield OK, f"ClickHouse {said}", ""


def time_zone(target: Target) -> Said:
    """dbt's session, with the settings of the profile: its zone is what every DateTime is read and written in."""
    session, server = target.rows("select timezone(), serverTimezone()")[0]
    if not is_utc(session):
        yield (
            ERROR,
            f"dbt's session is in the time zone {session} (the server in {server})",
            (f"set `custom_settings: {{session_timezone: UTC}}` in the output {target.name} of profiles.yml."),
        )


def settings(target: Target) -> Said:
    """Settings that statements of a run set: the user must be allowed to."""
    needed = ("deduplicate_insert_select", "insert_deduplicate", "mutations_sync", "session_timezone")
    names = ", ".join(f"'{name}'" for name in needed)
    for (name,) in target.rows(f"select name from system.settings where readonly and name in ({names})"):
        yield ERROR, f"the user may not change the setting {name}", "take the constraint on it away, or another user."


def database_engine(target: Target) -> Said:
    """The models' database must exchange tables; in Cloud, its engine shares what a replica has done with the others."""
    engines = dict(target.rows("select name, engine from system.databases"))
    engine = engines.get(target.database)
    if engine is None:
        wanted = target.database_engine or "the server's default"
        yield OK, f"{target.database} is not there yet; it will be made with engine {wanted}", ""
    elif engine not in CAN_EXCHANGE:
        yield (
            ERROR,
            f"the database {target.database} is of engine {engine}, which cannot exchange tables",
            ("name another by `schema` in profiles.yml, of the engine Atomic, Replicated or Shared."),
        )
    else:
        yield OK, f"{target.database} is of engine {engine}", ""
    if engines.get("default") == "Shared" and target.database_engine != "Shared":
        yield (
            WARNING,
            "this is ClickHouse Cloud, and profiles.yml asks for no database engine",
            (f"set `database_engine: Shared` in the output {target.name}."),
        )


def rights_of(target: Target) -> list[str]:
    """What a run needs, as `check grant` takes it."""
    event_database = project_var("event_database") or target.database
    sources = [collection_and_database(source) for source in PREFIXES]
    return [
        f"select, insert, create table, create view, drop table, drop view, alter table, truncate on {target.database}.*",
        f"create database, create table, drop table, select, insert on {target.database}{trial.TEST_RESULTS}.*",
        f"select, insert, create table, alter delete, alter move partition on {event_database}.{project_var('event_table')}",
        "create temporary table on *.*",
        "postgres on *.*",
        *(f"named collection on {collection}" for collection, _ in sources),
        *(f"select on {database}.*" for _, database in sources),
    ]


def rights(target: Target, wanted: list[str] | None = None) -> Said:
    """wanted: instead of rights_of(target)."""
    for right in wanted or rights_of(target):
        try:
            given = target.value(f"check grant {right}")
        except Exception:  # an engine that has no such statement, or no such right
            yield WARNING, f"whether the user may {right} cannot be asked", "see the rights that the documentation lists."
            continue
        if not int(given):
            yield ERROR, f"the user lacks a right of: {right}", f"run `grant {right} to ...` as an administrator."


def event_table(target: Target) -> Said:
    """Engine and columns of the event table, and what hangs on it: attached partitions reach no materialized view."""
    database, name = project_var("event_database") or target.database, project_var("event_table")
    found = target.rows(
        "select engine, partition_key, dependencies_database, dependencies_table from system.tables"
        " where database = {database:String} and name = {name:String}",
        {"database": database, "name": name},
    )
    if not found:
        yield OK, f"{database}.{name} is not there yet; the first publishing makes it", ""
        return
    engine, partition_key, *dependents = found[0]
    if not engine.endswith("MergeTree"):
        yield ERROR, f"{database}.{name} is of engine {engine}", "publishing needs a table of the MergeTree family."
    types = dict(
        target.rows(
            "select name, type from system.columns where database = {database:String} and table = {name:String}",
            {"database": database, "name": name},
        )
    )
    for column in ("entityType", "entityId", "userId", "metricType", "metricValue", "createdAt", "version"):
        if column not in types:
            yield (
                ERROR,
                f"{database}.{name} has no column {column}",
                "name the right table by the vars event_database, event_table.",
            )
    if partition_key != "toYYYYMM(createdAt)":
        yield (
            WARNING,
            f"{database}.{name} is partitioned by {partition_key or 'nothing'}, not by months",
            ("publishing inserts there instead of attaching, which takes longer."),
        )
    for view in [f"{where}.{what}" for where, what in zip(*dependents, strict=True)]:
        yield (
            WARNING,
            f"the materialized view {view} reads from {database}.{name}; attached partitions and deletes pass it by",
            ("rebuild it after a backfill."),
        )
    projections = target.rows(
        "select name from system.projections where database = {database:String} and table = {name:String}",
        {"database": database, "name": name},
    )
    for (projection,) in projections:
        yield (
            WARNING,
            f"{database}.{name} has the projection {projection}, which partitions to attach would need, too",
            ("publishing inserts there instead of attaching."),
        )


def seeds(target: Target) -> Said:
    """The registry on the target must be the one in the checkout: tests join it."""
    with registry.FILE.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        wanted = {tuple(row) for row in reader}
    if not target.exists(f"{target.database}.metrics"):
        yield WARNING, "the seed metrics is not loaded", "run `dbt seed`, as backfill does."
        return
    columns = ", ".join(f"ifNull(toString({name}), '')" for name in header)
    try:
        loaded = set(target.rows(f"select {columns} from {target.database}.metrics"))
    except Exception:  # an older version's columns
        loaded = set()
    if loaded != wanted:
        yield WARNING, f"the seed metrics differs from {registry.FILE.name}", "run `dbt seed`, as backfill does."


def leases(target: Target) -> Said:
    """Who is writing, or was killed while writing."""
    for database, name, holder, since in target.rows(
        "select database, substring(name, length('lease__') + 1), JSONExtractString(comment, 'holder'),"
        " JSONExtractString(comment, 'since') from system.tables where startsWith(name, 'lease__') and engine = 'Null'"
        " order by all"
    ):
        yield (
            WARNING,
            f"{database}.{name} is held by invocation {holder} since {since} UTC",
            (f"wait for that run, or if it is gone run `dbt run-operation break_lease --args '{{name: {name}}}'`."),
        )


def trials(target: Target) -> Said:
    """Databases of trials that were killed; those of one that runs now look the same."""
    for name in trial.left_behind(target):
        yield WARNING, f"the database {name} is a trial's", f"if no trial is running, run `drop database {name}` in ClickHouse."


def disk(target: Target) -> Said:
    for name, free, total in target.rows("select name, free_space, total_space from system.disks where type = 'Local'"):
        if free < LEAST_FREE or free < total / 20:
            yield (
                WARNING,
                f"the disk {name} of ClickHouse has {free / 2**30:.1f} GiB free",
                "a run needs what its tables have, twice.",
            )


def site_tables(target: Target) -> Said:
    """The site's own tables in ClickHouse, which some packages read where they are."""
    for source, var in (("site_events", "events_database"), ("orchestration", "orchestration_database")):
        database = project_var(var)
        for table, columns in source_tables(source).items():
            found = {
                name
                for (name,) in target.rows(
                    "select name from system.columns where database = {database:String} and table = {name:String}",
                    {"database": database, "name": table},
                )
            }
            missing = [column for column in columns if column not in found]
            if not found:
                yield WARNING, f"there is no table {database}.{table}", f"correct the var {var}; packages that read it stop."
            elif missing:
                yield WARNING, f"{database}.{table} lacks {', '.join(missing)}", "packages that read it stop."


CHECKS = (
    Check("engine", "", version),
    Check("time zone of ClickHouse", "dbt's session is in UTC", time_zone),
    Check("settings of ClickHouse", "the user may change those that a run sets", settings),
    Check("database", "", database_engine),
    Check("rights in ClickHouse", "the user has all that a run needs", rights),
    Check("event table", "columns and engine are those of an event table, and nothing hangs on it", event_table),
    Check("registry", "the seed metrics is loaded as it is in the checkout", seeds),
    Check("leases", "none is held", leases),
    Check("trials", "none was left behind", trials),
    Check("disk", "there is room", disk),
    Check("tables of the site in ClickHouse", "all are there", site_tables),
)
