"""Checks of what is in the source's tables, as far as they are not too large: values that a run would refuse or reject."""

from collections.abc import Iterator

from entity_metrics.doctor.findings import ERROR, OK, WARNING, Check
from entity_metrics.doctor.source_tables import legacy_tables
from entity_metrics.doctor.source_view import Column, SourceView

Said = Iterator[tuple[str, str, str]]

MOST_ROWS = 20_000_000
"""Tables with more are not read: a run looks at them itself."""

REJECTING = ("brand_visibility",)
"""Sources of which a run rejects rows by name, where it refuses others as a whole."""


def misfit(column: Column, source: str) -> str:
    """SQL of Postgres, which values of a column an event or a fact cannot hold; '' for a column whose values all fit.

    Numbers must be whole and fit into Int32, times be from 1970 to 2105 (brand visibility: 1900 to 2299), JSON hold arrays.
    """
    first, last = ("1900", "2300") if source in REJECTING else ("1970", "2106")
    name = f'"{column.name}"'
    if column.wanted.startswith("DateTime") and column.data_type.startswith("timestamp"):
        return f"not ({name} >= '{first}-01-01' and {name} < '{last}-01-01')"
    if column.wanted == "Int32" and column.data_type in ("bigint", "numeric", "real", "double precision"):
        return f"not ({name} between -2147483648 and 2147483647 and {name} = trunc({name}))"
    if column.wanted.startswith("Array(") and column.data_type in ("json", "jsonb"):
        return f"{column.data_type}_typeof({name}) not in ('array', 'null')"
    return ""


def values(view: SourceView) -> Said:
    """Values that do not fit, by one query for each table."""
    left_out = 0
    legacy = legacy_tables(view)
    for table, relation in view.tables.items():
        misfits = {column.name: misfit(column, view.source) for column in view.columns if column.table == table}
        misfits = {name: sql for name, sql in misfits.items() if sql}
        if not relation.readable or not misfits:
            continue
        if relation.rows > MOST_ROWS:
            left_out += 1
            continue
        counts = ", ".join(f"(count(*) filter (where {sql}))::bigint as c{n}" for n, sql in enumerate(misfits.values()))
        examples = ", ".join(
            f'(min("{name}"::text) filter (where {sql}))::text as e{n}' for n, (name, sql) in enumerate(misfits.items())
        )
        read = " where timeframe::text = 'AllTime'" if table in legacy else ""
        found = view.ask(f'select {counts}, {examples} from "{view.schema}"."{table}"{read}')[0]
        for n, name in enumerate(misfits):
            if found[n]:
                rejects = view.source in REJECTING
                yield (
                    WARNING if rejects else ERROR,
                    f"{found[n]:,} rows of {table} have a {name} that does not fit, such as {found[len(misfits) + n]}",
                    "they are rejected by name." if rejects else "correct them: a run stops there.",
                )
    if left_out:
        yield OK, f"{left_out} tables of more than {MOST_ROWS:,} rows were not read: a run looks itself", ""


def totals(view: SourceView) -> Said:
    """Legacy tables of which nothing is read, or an entity twice."""
    for name, keys in legacy_tables(view).items():
        relation = view.tables[name]
        if not relation.readable or relation.rows > MOST_ROWS or "timeframe" not in keys:
            continue
        key = ", ".join(f'"{column}"' for column in keys if column != "timeframe")
        read = f"""from "{view.schema}"."{name}" where timeframe = 'AllTime'"""
        any_row, of_all_time, twice = view.ask(
            f'select exists (select from "{view.schema}"."{name}")::int as any_row, exists (select {read})::int as of_all_time,'
            f" (select count(*) from (select {read} group by {key} having count(*) > 1) as d)::bigint as twice"
        )[0]
        if any_row and not of_all_time:
            yield (
                ERROR,
                f"no row of {name} has the timeframe AllTime, and no other is read",
                "check the type and the values of timeframe.",
            )
        if twice:
            yield (
                ERROR,
                f"{name} has several totals of {twice:,} entities",
                f'delete all but one of each, and run `create unique index on "{name}" ({key}, timeframe)`.',
            )


CHECKS = (
    Check("values", "all fit what is made of them", values),
    Check("totals", "each legacy table has one of an entity", totals),
)
