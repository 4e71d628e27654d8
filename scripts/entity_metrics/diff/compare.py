"""What differs between the rows of a node on two sides. The database does all of it; here are its statements."""

import re
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.binding import format_query_value, quote_identifier

from entity_metrics.diff.plan import Node
from entity_metrics.diff.rows import Rows
from entity_metrics.target import Target

EXAMPLES = 3

CONCENTRATED = 0.9
"""Changed rows are called concentrated where so many have one value, and at the most two thirds of that share of all rows do."""

OF_WHAT = ("entityType", "entityId", "metricType", "entity_type", "entity_id", "quantity")

PERSONAL = re.compile(r"user|customer|actor|owner|author|account|addedBy|email|name", re.IGNORECASE)
"""Columns whose values are not printed unless that is asked for; nor is free text, whatever its name."""

_METRIC = re.compile(r"(entity|metric)_?type|quantity", re.IGNORECASE)
"""Columns that name a kind of thing, whatever their type."""

_SAFE_TYPE = re.compile(r"(LowCardinality\(|Nullable\()*(U?Int\d+|Date|Date32|DateTime.*|Enum.*|Bool|UUID|Decimal.*)\)*$")
_CATEGORY = re.compile(r"LowCardinality\(String\)|Enum|Bool")
_TIME = re.compile(r"Date")
_NUMBER = re.compile(r"(Nullable\()?(U?Int\d+|Float\d+|Decimal)")
_NO_MEASURE = re.compile(r"(^|_)(id|range|version|fingerprint|hash|rank)$|Id$", re.IGNORECASE)


class Comparison:
    """The rows of one node on both sides, as tables `before` and `after` of an engine of its own.

    files: of the two sides, each with its columns and their types; None where a side has no such node, or no rows.
    """

    def __init__(self, engine: Target, node: Node, varies: list[str], files: list[tuple[Path | None, list[list[str]]]]) -> None:
        self._engine, self._node = engine, node
        for table, (file, columns) in zip(("before", "after"), files, strict=True):
            engine.command(f"drop table if exists {table}")
            declared = ", ".join(f"{quote_identifier(name)} {type}" for name, type in columns) or "nothing UInt8"
            rows = f"file({format_query_value(str(file))}, 'Native')" if file else None
            engine.command(f"create table {table} ({declared}) engine = Memory")
            if rows:
                engine.command(f"insert into {table} select * from {rows}")
        self._types = [dict(columns) for _, columns in files]
        before, after = self._types
        self._common = [name for name in after if name in before]
        self._left_out = [name for name in varies if name in self._common]
        self._columns = [name for name in self._common if name not in self._left_out]

    def rows(self, with_values: bool) -> Rows:
        """Compare. with_values: whether examples show values that could be personal."""
        counts = [self._engine.value(f"select count() from {table}") for table in ("before", "after")]
        before, after = self._types
        found = Rows(*counts, left_out=self._left_out)
        if not all(self._types):
            found.added, found.removed = counts[1], counts[0]
            return found
        found.lost_columns = [name for name in before if name not in self._common]
        found.new_columns = [name for name in after if name not in self._common]
        found.retyped_columns = [
            {"name": name, "before": before[name], "after": after[name]} for name in self._common if before[name] != after[name]
        ]
        if self._is_equal():
            found.unchanged = found.before
            return found
        self._set_key(found)
        counted = ", ".join(f"sumIf(times, kind = '{kind}')" for kind in ("added", "removed", "changed"))
        found.added, found.removed, found.changed = self._engine.rows(f"select {counted} from touched")[0]
        found.unchanged = counts[0] - found.removed - found.changed
        if found.differ:
            found.columns = self._column_differences(found)
            found.examples = self._examples(found, with_values)
            found.concentrated = self._concentrated()
        return found

    def _set_key(self, found: Rows) -> None:
        """The first candidate that identifies rows on both sides; else rows are compared whole. Makes the table `touched`."""
        for columns, where in self._node.keys:
            if set(columns) <= set(self._columns) and self._is_unique(columns):
                found.key, found.key_from = columns, where
                break
        rest = [name for name in self._columns if name not in found.key]
        self._key = _text(found.key or self._columns)
        sides = " union all ".join(
            f"select {number} as side, {self._key} as row_key, sipHash64({_text(rest)}) as content from {table}"
            for number, table in enumerate(("before", "after"))
        )
        if found.key:
            kind, times = "multiIf(befores = 0, 'added', afters = 0, 'removed', 'changed')", "1"
            differs = "befores != afters or content_before != content_after"
        else:
            kind, times = "if(befores < afters, 'added', 'removed')", "abs(toInt64(befores) - toInt64(afters))"
            differs = "befores != afters"
        self._engine.command("drop table if exists touched")
        self._engine.command(
            f"create table touched engine = Memory as select row_key, {kind} as kind, toUInt64({times}) as times"
            " from (select row_key, countIf(side = 0) as befores, countIf(side = 1) as afters,"
            " anyIf(content, side = 0) as content_before, anyIf(content, side = 1) as content_after"
            f" from ({sides}) group by row_key) where {differs}"
        )

    def _is_equal(self) -> bool:
        """Whether both sides have the same rows, by a sum of hashes: most nodes below a change do, and need no more."""
        before, after = (
            self._engine.rows(f"select count(), sum(sipHash64({_text(self._columns)})) from {table}")[0]
            for table in ("before", "after")
        )
        return before == after

    def _is_unique(self, columns: list[str]) -> bool:
        return all(
            self._engine.value(f"select count() = uniqExact({_text(columns)}) from {table}") for table in ("before", "after")
        )

    def _column_differences(self, found: Rows) -> list[dict[str, Any]]:
        """Of each column that differs: in how many of the rows that changed, and its sum on both sides if it is a measure."""
        columns = [name for name in self._columns if name not in found.key]
        rows = dict.fromkeys(columns, 0)
        if found.changed:
            differing = ", ".join(
                f"countIf(toString(tuple(b.{quote_identifier(name)})) != toString(tuple(a.{quote_identifier(name)})))"
                for name in columns
            )
            sides = " join ".join(
                f"(select *, {self._key} as row_key from {table} where {self._key} in"
                f" (select row_key from touched where kind = 'changed')) as {alias}{end}"
                for table, alias, end in (("before", "b", ""), ("after", "a", " on b.row_key = a.row_key"))
            )
            rows = dict(zip(columns, self._engine.rows(f"select {differing} from {sides}")[0], strict=True))
        measures = [name for name in columns if _NUMBER.match(self._types[1][name]) and not _NO_MEASURE.search(name)]
        sums = {}
        if measures:
            summed = ", ".join(f"sum({quote_identifier(name)})" for name in measures)
            values = [self._engine.rows(f"select {summed} from {table}")[0] for table in ("before", "after")]
            sums = dict(zip(measures, zip(*values, strict=True), strict=True))
        return [
            {"name": name, "rows": rows[name], "sum_before": _number(before), "sum_after": _number(after)}
            for name in columns
            for before, after in [sums.get(name, (None, None))]
            if rows[name] or before != after
        ]

    def _examples(self, found: Rows, with_values: bool) -> dict[str, list[Any]]:
        """Up to three keys of each kind; where rows have no key, what of an event or total says which it is of."""
        named = found.key or [name for name in self._columns if name in OF_WHAT]
        shown = named if with_values else [name for name in named if self._is_safe(name)]
        examples = {}
        for kind, table in (("removed", "before"), ("added", "after"), ("changed", "after")):
            if not getattr(found, kind) or not shown:
                continue
            pairs = ", ".join(f"({format_query_value(name)}, {self._shown(name, with_values)})" for name in shown)
            keys = self._engine.rows(
                f"select [{pairs}] as shown, min({self._key}) as row_key from {table}"
                f" where {self._key} in (select row_key from touched where kind = '{kind}')"
                f" group by shown order by row_key limit {EXAMPLES}"
            )
            examples[kind] = [{"key": dict(pairs)} for pairs, _ in keys]
            if with_values and kind == "changed":
                for example, (_, row_key) in zip(examples[kind], keys, strict=True):
                    example["values"] = self._values(found, row_key)
        return examples

    def _values(self, found: Rows, row_key: str) -> list[dict[str, str]]:
        """What differs in a row, before and after."""
        columns = [name for name in self._columns if name not in found.key]
        texts = ", ".join(f"toString(tuple({quote_identifier(name)}))" for name in columns)
        sides = [
            self._engine.rows(f"select {texts} from {table} where {self._key} = {format_query_value(row_key)}")[0]
            for table in ("before", "after")
        ]
        return [
            {"column": name, "before": before[1:-1], "after": after[1:-1]}
            for name, before, after in zip(columns, *sides, strict=True)
            if before != after
        ]

    def _is_safe(self, name: str) -> bool:
        type = self._types[1][name]
        return bool(_METRIC.fullmatch(name)) or bool(
            (_SAFE_TYPE.match(type) or _CATEGORY.match(type)) and not PERSONAL.search(name)
        )

    def _shown(self, name: str, with_values: bool) -> str:
        """A value as text; the id of a user is one of a person."""
        text = f"ifNull(toString({quote_identifier(name)}), 'null')"
        for kind in ("entityType", "entity_type"):
            if name in ("entityId", "entity_id") and kind in self._columns and not with_values:
                return f"if(toString({kind}) = 'User', 'a user', {text})"
        return text

    def _concentrated(self) -> list[dict[str, Any]]:
        """The values that nearly all changed rows have, and most others have not."""
        values = {name: f"toString({quote_identifier(name)})" for name in self._columns if self._is_category(name)}
        values |= {
            f"month of {name}": f"toString(toYYYYMM({quote_identifier(name)}))"
            for name in self._columns
            if _TIME.match(self._types[1][name])
        }
        if not values:
            return []
        pairs = ", ".join(f"({format_query_value(name)}, {value})" for name, value in values.items())
        of = f"{self._key} in (select row_key from touched where kind"
        rows = " union all ".join(
            f"select arrayJoin([{pairs}]) as pair, {of} {kinds}) as is_touched from {table} where {condition}"
            for table, kinds, condition in (("after", "!= 'removed'", "true"), ("before", "= 'removed'", f"{of} = 'removed')"))
        )
        found = self._engine.rows(
            "select pair.1 as name, pair.2 as value, countIf(is_touched) as touched_rows, count() as all_rows,"
            " sum(touched_rows) over (partition by name) as touched_in_all, sum(all_rows) over (partition by name) as rows_in_all"
            f" from ({rows}) group by name, value order by name, touched_rows desc, value limit 1 by name"
        )
        shares = [
            (name, value, touched / max(in_all, 1), rows / max(all_rows, 1))
            for name, value, touched, rows, in_all, all_rows in found
        ]
        return [
            {"column": name, "value": value, "share": round(share, 4), "share_of_all": round(of_all, 4)}
            for name, value, share, of_all in sorted(shares, key=lambda entry: entry[3] / max(entry[2], 0.001))
            if share >= CONCENTRATED and of_all <= share * 2 / 3
        ]

    def _is_category(self, name: str) -> bool:
        return bool(_METRIC.fullmatch(name) or (_CATEGORY.match(self._types[1][name]) and not PERSONAL.search(name)))


def _text(columns: list[str]) -> str:
    """A row's columns as one text, in which a null is not a word and no two rows are the same."""
    return f"toString(tuple({', '.join(map(quote_identifier, columns))}))" if columns else "''"


def _number(value: Any) -> Any:
    """As JSON has it: a decimal as a number."""
    return value if value is None or isinstance(value, (int, float)) else float(value)
