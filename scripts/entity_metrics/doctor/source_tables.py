"""Checks of the source's tables: what the engine would misread, and what a run would stumble over."""

import re
from collections.abc import Iterator

from clickhouse_connect.driver.binding import format_query_value

from entity_metrics.doctor.findings import ERROR, WARNING, Check
from entity_metrics.doctor.source_settings import is_utc
from entity_metrics.doctor.source_view import Column, SourceView
from entity_metrics.source import source_tables

Said = Iterator[tuple[str, str, str]]
WITH_ZONE = ("brand_visibility",)
"""Sources whose times have a zone, which is read as it should be as long as Postgres shows it in UTC."""

INTEGERS = ("smallint", "integer", "bigint")


def tables(view: SourceView) -> Said:
    """Tables that are not there, cannot be read, or lack columns."""
    there = {(column.table, column.name) for column in view.columns}
    for table, columns in source_tables(view.source).items():
        relation = view.tables.get(table)
        if relation is None:
            elsewhere = [other.schema for other in view.relations if other.name == table]
            where = f"; there is one in {', '.join(elsewhere)}" if elsewhere else ""
            yield (
                ERROR,
                f"the schema {view.schema} has no table {table}{where}",
                (f"correct {view.prefix}PGDATABASE or {view.prefix}PGSCHEMA and connect again; the jobs that read it stop."),
            )
            continue
        if not relation.readable:
            yield ERROR, f"the user may not read {table}", f'run `grant select on "{table}" to ...` in Postgres.'
            continue
        missing = [name for name in columns if (table, name) not in there]
        needed = [name for name in missing if columns[name]]
        if needed:
            yield ERROR, f"{table} lacks {', '.join(needed)}", "check that the schema is the right one: no job can do without."
        elif missing:
            yield WARNING, f"{table} lacks {', '.join(missing)}", "run with --allow-missing-columns to go on without."


def namesakes(view: SourceView) -> Said:
    """A table of the same name in another schema, which a person or a search path may mean."""
    for relation in view.relations:
        if relation.schema != view.schema and relation.name in view.tables:
            yield (
                WARNING,
                f"there is a {relation.name} in the schema {relation.schema}, too; {view.schema}'s is read",
                (f"set {view.prefix}PGSCHEMA and connect again if the other is meant."),
            )


def types(view: SourceView) -> Said:
    """Columns of a type that ClickHouse reads as something else than what models/sources/ declares."""
    zone = view.settings.get("TimeZone", "")
    for column in view.columns:
        found = misread(column)
        if found:
            level, what, remedy = found
            if column.data_type == "timestamp with time zone":
                if is_utc(zone) and view.source in WITH_ZONE:
                    continue
                level = level if is_utc(zone) else ERROR
            yield level, f"{column.table}.{column.name} is {what}", remedy


def misread(column: Column) -> tuple[str, str, str] | None:
    """Level, what the type is and does, and the remedy; None for a type that is read as it is declared."""
    declared = column.wanted
    shown = f"{column.udt.removeprefix('_')}[]" if column.data_type == "ARRAY" else column.data_type
    if column.domain:
        return WARNING, f"of the domain {column.domain}, which ClickHouse reads as text", f"make it a plain {shown}."
    if declared.startswith("Array("):
        return _misread_list(column, declared, shown)
    if column.data_type == "ARRAY":
        return ERROR, f"{shown}, a list, and {declared} is wanted", "take the column that holds one value."
    if column.data_type == "character":
        return ERROR, "char(n), filled up with blanks: a filter on it matches nothing", "make it text or varchar."
    if declared.startswith("DateTime"):
        if column.data_type == "timestamp with time zone":
            return WARNING, "timestamptz, which Postgres shows in the user's zone", "keep that at UTC, or make it timestamp."
        if column.data_type != "timestamp without time zone":
            return ERROR, f"{shown}, and a timestamp is wanted", "make it timestamp, in UTC."
    if re.match(r"U?Int", declared):
        return _misread_integer(column, declared, shown)
    if declared.startswith("Decimal") and column.data_type in ("real", "double precision"):
        return WARNING, f"{shown}, which may hold NaN and infinity, and is rounded", "make it numeric(p, s)."
    if declared.startswith("Decimal") and column.data_type not in ("numeric", *INTEGERS):
        return ERROR, f"{shown}, and a number is wanted", "make it numeric(p, s)."
    return None


def _misread_list(column: Column, declared: str, shown: str) -> tuple[str, str, str] | None:
    if column.data_type in ("json", "jsonb"):
        return WARNING, f"{shown}: what is no list of numbers in it is refused", "make it integer[]."
    if column.data_type != "ARRAY":
        return ERROR, f"{shown}, and a list is wanted", "make it integer[]."
    if "Int32" in declared and column.udt == "_int8":
        return WARNING, "bigint[]: elements beyond the range of integer are refused", "make it integer[]."
    if "Int" in declared and column.udt not in ("_int2", "_int4", "_int8"):
        return WARNING, f"{shown}: elements that are no whole numbers are refused", "make it integer[]."
    return None


def _misread_integer(column: Column, declared: str, shown: str) -> tuple[str, str, str] | None:
    if column.data_type == "boolean" and declared == "UInt8":
        return None
    if column.data_type == "numeric":
        bare = "numeric without precision" if not column.precision else "numeric"
        return WARNING, f"{bare}: fractions, NaN and infinity are refused", "make it integer or bigint."
    if column.data_type in ("real", "double precision"):
        return WARNING, f"{shown}: fractions, NaN and infinity are refused", "make it integer or bigint."
    if column.data_type not in INTEGERS:
        return ERROR, f"{shown}, and a whole number is wanted", "make it integer or bigint."
    if column.data_type == "bigint" and declared == "Int32":
        return WARNING, "bigint: a run stops at values beyond the range of integer", "correct such values if there are any."
    return None


def keys(view: SourceView) -> Said:
    """Keys in whose ranges tables are pulled: they must be whole numbers that are never null."""
    for column in view.columns:
        if (column.table, column.name) in view.range_keys:
            if column.data_type not in INTEGERS:
                yield (
                    ERROR,
                    f"the range key {column.table}.{column.name} is {column.data_type}, not a whole number",
                    ("set another range_key in the staging model, or none: then the table is pulled in one range."),
                )
            elif column.nullable and view.tables[column.table].kind in ("r", "p"):
                yield (
                    ERROR,
                    f"the range key {column.table}.{column.name} may be null",
                    (f'run `alter table "{column.table}" alter "{column.name}" set not null` in Postgres.'),
                )


def legacy_tables(view: SourceView) -> dict[str, list[str]]:
    """The tables that hold totals, with their key: those that the schema has."""
    return {
        name: [column for column, required in source_tables(view.source)[name].items() if required]
        for name, table in view.declared.items()
        if name in view.tables and any(column["name"] == "timeframe" for column in table["columns"])
    }


def duplicates(view: SourceView) -> Said:
    """Legacy tables in which nothing keeps an entity from having two totals."""
    legacy = legacy_tables(view)
    present = [name for name in legacy if view.tables[name].kind in ("r", "p")]
    if not present:
        return
    names = ", ".join(format_query_value(name) for name in present)
    indexed = view.ask(
        "select c.relname::text, (select string_agg(a.attname::text, ',') from unnest(i.indkey::int[]) k"
        " join pg_attribute a on a.attrelid = c.oid and a.attnum = k)::text"
        " from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace"
        f" where i.indisunique and i.indpred is null and n.nspname = {format_query_value(view.schema)} and c.relname in ({names})"
    )
    for name in present:
        key = set(legacy[name])
        if not any(table == name and columns and set(columns.split(",")) <= key for table, columns in indexed):
            listed = ", ".join(f'"{column}"' for column in sorted(key, key=lambda column: column == "timeframe"))
            yield (
                WARNING,
                f"no unique index keeps {name} from having a key twice, and a run stops at the first such",
                (f'run `create unique index on "{name}" ({listed})` in Postgres, which names duplicates.'),
            )


def empties(view: SourceView) -> Said:
    """Tables without a row that the user sees: truncated, the wrong schema, or hidden."""
    readable = [name for name, relation in view.tables.items() if relation.readable]
    if not readable:
        return
    branches = [
        f'select {format_query_value(name)}::text, exists (select from "{view.schema}"."{name}")::int' for name in readable
    ]
    for name, has_rows in view.ask(" union all ".join(branches)):
        if not has_rows:
            yield (
                WARNING,
                f"{name} has no rows that this user sees",
                ("if it should have: check the schema, row level security, and whether it was truncated."),
            )


CHECKS = (
    Check("source tables", "all are there with their columns, and may be read", tables),
    Check("namesakes", "no other schema has a table of the same name", namesakes),
    Check("column types", "ClickHouse reads all as they are declared", types),
    Check("range keys", "all are whole numbers and never null", keys),
    Check("legacy keys", "all are unique", duplicates),
    Check("empty tables", "none is empty", empties),
)
