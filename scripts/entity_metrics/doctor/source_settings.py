"""Checks of the Postgres server and of the user that ClickHouse connects as."""

from collections.abc import Iterator

from clickhouse_connect.driver.binding import format_query_value

from entity_metrics.doctor.findings import ERROR, OK, WARNING, Check
from entity_metrics.doctor.source_view import SourceView
from entity_metrics.explain import explain
from entity_metrics.project import project_var

UTC = ("UTC", "GMT", "UCT", "Zulu", "Universal", "Greenwich")
Said = Iterator[tuple[str, str, str]]


def is_utc(zone: str) -> bool:
    return zone.removeprefix("Etc/") in UTC


def connected(view: SourceView) -> Said:
    """The named collection, the database that shows the source, and whether Postgres answers."""
    again = f"run `entity-metrics connect{'' if not view.prefix else f' --source {view.source}'}`."
    database = view.target.rows(
        "select engine, engine_full from system.databases where name = {name:String}", {"name": view.database}
    )
    if not database:
        yield ERROR, f"there is no source database {view.database} on the target", again
        return
    if database[0][0] != "PostgreSQL":
        yield ERROR, f"the database {view.database} is of engine {database[0][0]}, not PostgreSQL", "name another by its var."
        return
    if view.collection not in database[0][1]:
        yield WARNING, f"the database {view.database} does not use the named collection {view.collection}", again
    try:
        view.target.value(f"select count() from postgresql({view.collection}, table = 'pg_am', schema = 'pg_catalog')")
    except Exception as ex:
        yield ERROR, f"Postgres of the named collection {view.collection} does not answer", explain(ex, view.prefix).sentence


def settings(view: SourceView) -> Said:
    """What Postgres sends times and texts as, in a session of this user: whatever set it, role, database, server, environment."""
    role = f"`alter role ... set {{}}` in Postgres for the user of the named collection {view.collection}."
    style = view.settings.get("DateStyle", "")
    if not style.startswith("ISO"):
        yield ERROR, f"Postgres sends times in the DateStyle {style}, which is misread", "run " + role.format("datestyle = 'ISO'")
    zone = view.settings.get("TimeZone", "")
    if not is_utc(zone):
        yield (
            ERROR,
            f"Postgres shows times in the zone {zone}, and ClickHouse reads them as UTC",
            "run " + role.format("timezone = 'UTC'"),
        )
    encoding = view.settings.get("client_encoding", "")
    if encoding != "UTF8":
        yield (
            ERROR,
            f"Postgres sends texts in the encoding {encoding}, and ClickHouse's are UTF8",
            "run " + role.format("client_encoding = 'UTF8'"),
        )
    timeout = int(view.settings.get("statement_timeout", "0") or 0)
    if timeout:
        yield (
            WARNING,
            f"Postgres cancels this user's queries after {timeout / 1000:g} s",
            "run " + role.format("statement_timeout = 0"),
        )
    if view.ask("select pg_is_in_recovery()::int")[0][0] and view.settings.get("hot_standby_feedback") == "off":
        yield (
            WARNING,
            "the source is a replica without hot_standby_feedback: its recovery may cancel a long pull",
            ("switch hot_standby_feedback on there, or make ranges smaller by --batch-size."),
        )


def free_connections(view: SourceView) -> Said:
    """Whether the streams of a pull find connections."""
    wanted = int(project_var("pull_streams")) * 2
    free, of_role = view.ask(
        "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        " - (select count(*) from pg_stat_activity where backend_type = 'client backend')::int,"
        " (select case when rolconnlimit < 0 then 1000000 else rolconnlimit - (select count(*) from pg_stat_activity"
        " where usename = current_user) + 1 end from pg_roles where rolname = current_user)::int"
    )[0]
    least = min(int(free), int(of_role))
    if least < wanted:
        what = "the user may open" if int(of_role) < int(free) else "Postgres has"
        yield (
            WARNING,
            f"{what} {max(least, 0)} more connections, and two models side by side use {wanted}",
            ("raise the limit in Postgres, or lower the var pull_streams or --concurrency."),
        )
    else:
        yield OK, f"{least:,} free" if least < 1_000_000 else "enough are free", ""


def hidden_rows(view: SourceView) -> Said:
    """Row level security that applies to the user: Postgres leaves rows out, and nothing says so."""
    names = ", ".join(format_query_value(name) for name in view.declared)
    hidden = view.ask(
        "select c.relname::text, (select count(*) from pg_policy p where p.polrelid = c.oid)::int"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        f" where n.nspname = {format_query_value(view.schema)} and c.relname in ({names})"
        " and c.relrowsecurity and row_security_active(c.oid) order by 1"
    )
    for table, policies in hidden:
        why = f"{policies} policies say which" if policies else "there is no policy, so it hides all"
        yield (
            ERROR,
            f"row level security of {table} hides rows from this user ({why})",
            ("run `alter role ... bypassrls` in Postgres, or add a policy that lets this user see all rows."),
        )


CHECKS = (
    Check("connection", "the named collection and the source database are there, and Postgres answers", connected),
    Check("settings of Postgres", "times come in ISO and UTC, texts in UTF8, and no timeout cuts a pull", settings),
    Check("connections", "enough are free", free_connections),
    Check("row level security", "no rows are hidden from the user", hidden_rows),
)
