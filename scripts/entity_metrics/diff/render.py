"""The document as a comment of a pull request, and as plain text: the same, without what only a browser folds or draws."""

from collections.abc import Callable
from typing import Any

from entity_metrics.diff.document import TOUCHED
from entity_metrics.diff.layout import Layout
from entity_metrics.diff.rows import Rows

MARK = "<!-- entity-metrics diff -->"
"""The first line of a comment, by which the next run finds it."""

LONGEST = 65_000
"""Characters of a comment; GitHub takes 65,536."""

SCALES = (100, 60, 40, 25, 15, 10, 6, 4, 2, 1, 0)
"""How many entries a list may have: the first of these with which the comment fits."""

PICTURED = 40

STATES = {"fail": "fails", "error": "stops with an error", "pass": "passes", "warn": "warns", "skipped": "is skipped"}


def comment(document: dict[str, Any], limit: int = LONGEST) -> str:
    """Markdown of at most `limit` characters, the most important first; what has no place is counted."""
    for scale in SCALES:
        text = Page(document, scale, folds=True).text()
        if len(text) <= limit:
            return text
    return text[: limit - 20].rsplit("\n", 1)[0] + "\n\n(cut off)\n"


def whole(document: dict[str, Any]) -> str:
    """Markdown with everything, whatever its length."""
    return Page(document, None, folds=True).text()


def plain(document: dict[str, Any]) -> str:
    """For a terminal."""
    return Page(document, 40, folds=False).text()


class Page:
    """scale: how many entries of a list are shown, all if None. folds: whether the reader is a browser."""

    def __init__(self, document: dict[str, Any], scale: int | None, folds: bool) -> None:
        self._document = document
        self._scale = scale
        self._folds = folds
        self._layout = Layout(scale, folds)

    def text(self) -> str:
        parts = [
            self._head(),
            self._first(),
            self._nodes(),
            self._totals(),
            self._tests(),
            self._picture(),
            self._sql(),
            self._macros(),
        ]
        parts += [self._details(), self._not_compared(), self._notes()]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _head(self) -> str:
        base, head = (self._revision(self._document[side]) for side in ("base", "head"))
        lines = [MARK] if self._folds else []
        lines += ["## What this change does to SQL and to numbers", "", f"**{self._document['sentence']}**", ""]
        built = f", both built on {self._document['source']}" if self._document["nodes"] else ""
        lines.append(f"From {base} to {head}{built}.")
        return "\n".join(lines)

    @staticmethod
    def _revision(revision: dict[str, Any]) -> str:
        return f"{revision['given']} ({revision['commit'][:10]})" if revision["commit"] else revision["given"]

    def _first(self) -> str:
        """What nobody may overlook."""
        alarms = []
        if self._document["failure"]:
            alarms.append("No figures are shown.")
        for entry in self._document["nodes"]:
            if entry["state"] == "removed":
                rows = entry["rows"]
                alarms.append(f"**`{entry['name']}` is removed**" + (f", with its {rows['before']:,} rows." if rows else "."))
            elif entry["became_empty"]:
                alarms.append(f"**`{entry['name']}` has no rows any more**: it had {entry['rows']['before']:,}.")
        for test in self._document["tests"]["differently"]:
            if test["after"]["status"] in ("fail", "error") and test["before"]["status"] not in ("fail", "error"):
                alarms.append(f"Test `{test['name']}` of `{test['node']}` {self._outcome(test['after'])}; it did not before.")
        lost = self._document["not_compared"]
        if lost:
            alarms.append(f"{len(lost)} of the nodes that may differ could not be compared; they are named below.")
        return self._layout.bullets(alarms, "of this kind")

    def _nodes(self) -> str:
        shown = [entry for entry in self._document["nodes"] if entry["state"] in TOUCHED or _differs(entry)]
        equal = [
            entry["name"]
            for entry in self._document["nodes"]
            if entry["state"] not in TOUCHED and entry["rows"] and not _differs(entry)
        ]
        if not self._document["nodes"]:
            return ""
        names = ["node", "what", "before", "after", "added", "removed", "changed", "unchanged", "where"]
        table = self._layout.table(names, [self._node_row(entry) for entry in shown], "nodes")
        same = f"The rows of {len(equal)} others are the same: {self._layout.names(equal)}." if equal else ""
        return "\n\n".join(part for part in ("### Rows", table, same) if part)

    @staticmethod
    def _node_row(entry: dict[str, Any]) -> list[str]:
        rows = entry["rows"]
        what = entry["state"] + (f" ({', '.join(why[:3])}{' ...' if len(why) > 3 else ''})" if (why := entry["why"]) else "")
        if not rows:
            return [f"`{entry['name']}`", what, *[""] * 6, "not compared"]
        numbers = [f"{rows[name]:,}" for name in ("before", "after", "added", "removed", "changed", "unchanged")]
        where = [f"{_percent(found['share'])} have {found['column']} {found['value']}" for found in rows["concentrated"][:2]]
        columns = {
            "gone": rows["lost_columns"],
            "new": rows["new_columns"],
            "of another type": [c["name"] for c in rows["retyped_columns"]],
        }
        where[:0] = [f"columns {what}: {', '.join(names)}" for what, names in columns.items() if names]
        return [f"`{entry['name']}`", what, *numbers, "; ".join(where)]

    def _totals(self) -> str:
        totals = self._document["totals"]
        if not totals["from"]:
            return ""
        names = ["entity type", "metric", "before", "after", "difference", "%", "entities that differ"]
        rows = [
            [
                metric["entity_type"],
                metric["quantity"],
                f"{metric['before']:,}",
                f"{metric['after']:,}",
                f"{metric['difference']:+,}",
                "new" if metric["percent"] is None else f"{metric['percent']:+.2f}",
                f"{metric['entities_that_differ']:,} of {metric['entities']:,}",
            ]
            for metric in totals["metrics"]
        ]
        said = f"Counted from {totals['from']}. {totals['unchanged']} of {totals['unchanged'] + len(rows)} totals are the same."
        return "\n\n".join(part for part in ("### Totals", self._layout.table(names, rows, "totals"), said) if part)

    def _tests(self) -> str:
        tests = self._document["tests"]
        lines = [
            f"`{test['name']}` of `{test['node']}` {self._outcome(test['after'])}; before it {self._outcome(test['before'])}"
            for test in tests["differently"]
        ]
        lines += [
            f"`{test['name']}` of `{test['node']}` is new, and {self._outcome(test['after'])}" for test in tests["appeared"]
        ]
        lines += [f"`{test['name']}` of `{test['node']}` is gone" for test in tests["vanished"]]
        lines += [f"`{name}` tests something else" for name in tests["changed"]]
        if not lines and not any(tests["ran"].values()):
            return ""
        before, after = (tests["ran"].get(side, 0) for side in ("base", "head"))
        ran = f"{before} tests ran before, {after} after; {len(tests['failing'])} fail after."
        return "\n\n".join(part for part in ("### Tests", self._layout.bullets(lines, "tests"), ran) if part)

    @staticmethod
    def _outcome(outcome: dict[str, Any]) -> str:
        counted = f" ({outcome['failures']:,})" if outcome["failures"] and outcome["status"] in ("fail", "warn") else ""
        return STATES.get(outcome["status"], "does not run") + counted

    def _picture(self) -> str:
        entries = self._document["nodes"]
        if not self._folds or not entries or self._scale == 0:
            return ""
        drawn = {entry["name"]: entry for entry in entries[:PICTURED]}
        lines = ["flowchart LR"]
        lines += [f'    {name}["{name}"]:::{self._class(entry)}' for name, entry in drawn.items()]
        lines += [f"    {parent} --> {child}" for parent, child in self._document["edges"] if parent in drawn and child in drawn]
        lines += [
            "    classDef changed stroke-width:3px",
            "    classDef differs stroke-width:3px,stroke-dasharray:4",
            "    classDef gone stroke-width:3px,stroke:#d33",
            "    classDef same stroke-width:1px",
        ]
        more = f"\n\n{len(entries) - len(drawn)} more nodes are not drawn." if len(entries) > len(drawn) else ""
        legend = "Thick: changed itself. Dashed: below, and its rows differ. Thin: below, and its rows are the same."
        return self._layout.fold(
            "Changed nodes, and what lies below them", self._layout.fence("mermaid", "\n".join(lines)) + "\n\n" + legend + more
        )

    @staticmethod
    def _class(entry: dict[str, Any]) -> str:
        if entry["state"] == "removed":
            return "gone"
        return "changed" if entry["state"] in TOUCHED else "differs" if _differs(entry) else "same"

    def _sql(self) -> str:
        def shown(change: dict[str, Any]) -> str:
            others = [name for name in change["nodes"] if name != change["first"]]
            title = f"`{change['first']}`"
            if others:
                title += f", and in the same way {len(others)} others: {self._layout.names(others)}"
            if change["because"]:
                title += f" (uses {', '.join(change['because'][:5])}, which changed)"
            return f"{title}\n\n{self._layout.fence('diff', self._layout.cut(change['hunk']))}"

        changes = self._document["sql"]
        if not changes:
            return ""
        return self._layout.fold(
            f"Compiled SQL ({len(changes)})",
            self._layout.blocks(map(shown, changes), len(changes), "differences of SQL"),
        )

    def _macros(self) -> str:
        def shown(macro: dict[str, Any]) -> str:
            title = f"`{macro['name']}`" + ("" if macro["used"] else ", which no node names")
            return f"{title}\n\n{self._layout.fence('diff', self._layout.cut(macro['hunk']))}"

        parts = [f"var `{var['name']}`: `{var['before']}` before, `{var['after']}` after" for var in self._document["vars"]]
        macros = self._document["macros"]
        if not macros and not parts:
            return ""
        text = "\n\n".join([*parts, *([self._layout.blocks(map(shown, macros), len(macros), "macros")] if macros else [])])
        return self._layout.fold(f"Macros and vars that changed ({len(macros) + len(parts)})", text)

    def _details(self) -> str:
        entries = [entry for entry in self._document["nodes"] if entry["rows"] and _differs(entry)]
        if not entries:
            return ""
        return self._layout.fold(
            "Keys and columns of rows that differ", self._layout.blocks(map(self._detail, entries), len(entries), "nodes")
        )

    @staticmethod
    def _detail(entry: dict[str, Any]) -> str:
        rows = entry["rows"]
        key = f"key {', '.join(rows['key'])}, from {rows['key_from']}" if rows["key"] else "no key: whole rows are compared"
        lines = [f"**`{entry['name']}`** ({key})"]
        for kind, examples in rows["examples"].items():
            for example in examples:
                named = ", ".join(f"{name} {value}" for name, value in example["key"].items())
                values = "; ".join(f"{v['column']}: {v['before']} → {v['after']}" for v in example.get("values", []))
                lines.append(f"- {kind}: {named}" + (f" ({values})" if values else ""))
        for column in rows["columns"][:8]:
            said = [f"differs in {column['rows']:,} rows that changed"] if column["rows"] else []
            if column["sum_before"] != column["sum_after"]:
                said.append(f"sum {column['sum_before']:,} → {column['sum_after']:,}")
            lines.append(f"- column {column['name']}: {', '.join(said)}")
        if rows["left_out"]:
            lines.append(f"- not compared, since they differ from run to run: {', '.join(rows['left_out'])}")
        return "\n".join(lines)

    def _not_compared(self) -> str:
        by_reason: dict[str, list[str]] = {}
        for entry in self._document["not_compared"]:
            by_reason.setdefault(entry["reason"], []).append(entry["name"])
        lines = [f"{self._layout.names(names)}: {reason}" for reason, names in by_reason.items()]
        return "### Not compared\n\n" + self._layout.bullets(lines, "reasons") if lines else ""

    def _notes(self) -> str:
        return "\n\n".join(self._document["notes"])


def _differs(entry: dict[str, Any]) -> bool:
    rows = entry["rows"]
    return bool(rows and Rows(**rows).differ)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


RENDERERS: dict[str, Callable[[dict[str, Any]], str]] = {"markdown": comment, "text": plain}
