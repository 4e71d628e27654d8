"""Differences of compiled SQL, each shown once: what a macro does to twenty models is one change, with their names."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from entity_metrics.diff.plan import Plan

_TOKEN = re.compile(r"\w+|'[^']*'|[^\w\s]")

LONGEST_LINE = 400


@dataclass
class Change:
    """A hunk of a unified difference. first: the node that it is shown of; times: how often it is there; nodes: all that have it;
    because: macros, vars and sources that all of these use and that changed."""

    hunk: str
    first: str
    times: int = 0
    nodes: list[str] = field(default_factory=list)
    because: list[str] = field(default_factory=list)


def changes(plan: Plan) -> list[Change]:
    """Of all nodes and tests that are selected and whose text differs; what touches most nodes first."""
    found: dict[tuple[object, ...], Change] = {}
    ids = {id for id in plan.changed if id in plan.selected} | plan.changed_tests
    for id in sorted(ids):
        before, after = plan.base.nodes[id], plan.head.nodes[id]
        because = [part for part in plan.why(id) if part != "sql"]
        for hunk in hunks(before.text, after.text):
            key = (*because, *_essence(hunk, bool(because), before.text, after.text))
            change = found.setdefault(key, Change("\n".join(_short(line) for line in hunk), after.name, because=because))
            change.times += 1
            if after.name not in change.nodes:
                change.nodes.append(after.name)
    return sorted(found.values(), key=lambda change: (-len(change.nodes), change.first))


def hunks(before: str, after: str) -> Iterator[list[str]]:
    """The hunks of a unified difference, each with its line of numbers."""
    hunk: list[str] = []
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3):
        if line.startswith(("--- ", "+++ ")) and not hunk:
            continue
        if line.startswith("@@") and hunk:
            yield hunk
            hunk = []
        hunk.append(line.rstrip())
    if hunk:
        yield hunk


def _essence(hunk: list[str], shared: bool, before: str, after: str) -> tuple[str, ...]:
    """What two hunks have in common if they are the same change.

    Without a shared cause these are the lines themselves. With one they are the words that differ, where a name that the rest of
    the node has, too, may be any: the macro is the same, the column is each model's own.
    """
    lines = [line for line in hunk if line.startswith(("+", "-"))]
    if not shared:
        return tuple(lines)
    sides = [_TOKEN.findall("\n".join(line[1:] for line in lines if line[0] == sign)) for sign in "-+"]
    kept = {word for word in _TOKEN.findall(before) if word in set(_TOKEN.findall(after)) and re.match(r"[A-Za-z_']", word)}
    essence: list[str] = []
    for step, start, end, start_after, end_after in difflib.SequenceMatcher(None, *sides, autojunk=False).get_opcodes():
        if step != "equal":
            for sign, words in (("-", sides[0][start:end]), ("+", sides[1][start_after:end_after])):
                essence.append(sign + " ".join("·" if word in kept else word for word in words))
    return tuple(dict.fromkeys(essence))


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + " ..."


@dataclass
class MacroChange:
    """A macro that changed. used: whether any node names it, by SQL, a hook or a materialization; hunks: of its own text."""

    name: str
    used: bool
    hunk: str


def macro_changes(plan: Plan) -> list[MacroChange]:
    """Macros whose text differs, those that are gone or new included."""
    before, after = plan.base.macros, plan.head.macros
    return [
        MacroChange(
            name,
            name in plan.base.used | plan.head.used,
            "\n".join(_short(line) for hunk in hunks(before.get(name, ""), after.get(name, "")) for line in hunk),
        )
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def variable_changes(plan: Plan) -> list[dict[str, object]]:
    before, after = plan.base.variables, plan.head.variables
    return [
        {"name": name, "before": before.get(name), "after": after.get(name)}
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
