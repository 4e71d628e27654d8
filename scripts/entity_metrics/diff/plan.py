"""Which nodes a change touches, what has to be built to compare them, and which tests run."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

AUDIT = "models/audit/"
"""What is not built: it compares with the source, and only its verb has a use for it."""


@dataclass
class Node:
    """A model, seed, snapshot or test of one revision, as its worker read it.

    text: configuration and compiled SQL; parts: what else decides on what it does, by name, such as `macro metric_events`;
    key: candidates of columns that identify a row, each with where it comes from; varies: columns that differ between two runs;
    condition: of the rows that are compared.
    """

    id: str
    name: str
    kind: str
    path: str
    fqn: list[str]
    materialized: str
    relation: str
    parents: list[str]
    text: str
    parts: dict[str, str]
    keys: list[tuple[list[str], str]] = field(default_factory=list)
    varies: list[str] = field(default_factory=list)
    condition: str = ""

    @property
    def is_test(self) -> bool:
        return self.kind in ("test", "unit_test")

    @property
    def fingerprint(self) -> list[Any]:
        return [self.text, sorted(self.parts.items())]


@dataclass
class Side:
    """One revision as it was read: nodes by id; those that --select selects; macros by name, with their text.

    variables: of dbt_project.yml; used: macros that a node names; uncompiled: nodes whose text is as written, since they ask
    what a table holds that is not there before anything is built.
    """

    nodes: dict[str, Node]
    selected: set[str]
    macros: dict[str, str]
    variables: dict[str, Any]
    used: set[str]
    uncompiled: set[str] = field(default_factory=set)

    @cached_property
    def children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for parent in node.parents:
                found.setdefault(parent, []).append(node.id)
        return found

    def with_ancestors(self, ids: set[str]) -> set[str]:
        return _reached(ids & set(self.nodes), lambda node: [p for p in self.nodes[node].parents if p in self.nodes])

    def with_descendants(self, ids: set[str]) -> set[str]:
        """Tests are no descendants."""
        return _reached(ids, lambda node: [c for c in self.children.get(node, []) if not self.nodes[c].is_test])


def _reached(ids: set[str], following: Any) -> set[str]:
    found, new = set(ids), list(ids)
    while new:
        for other in following(new.pop()):
            if other not in found:
                found.add(other)
                new.append(other)
    return found


class Plan:
    """What is compared and built.

    whole: compare all nodes, also those that no change touches. left_out: ids that cannot be built here.
    """

    def __init__(self, base: Side, head: Side, whole: bool = False, left_out: set[str] = frozenset()) -> None:
        self.base, self.head = base, head
        self.added = self._nodes(head) - self._nodes(base)
        self.removed = self._nodes(base) - self._nodes(head)
        both = self._nodes(base) & self._nodes(head)
        self.changed = {id for id in both if base.nodes[id].fingerprint != head.nodes[id].fingerprint}
        touched = self.added | self.removed | self.changed
        self.affected = base.with_descendants(touched & set(base.nodes)) | head.with_descendants(touched & set(head.nodes))
        self.below = self.affected - touched
        if whole:
            self.affected = both | self.added | self.removed
        self.selected = self.affected & (base.selected | head.selected)
        self.not_built = {id for id in self.selected if self.node(id).path.startswith(AUDIT)} | (self.selected & left_out)
        self.compared = self.selected - self.not_built
        excluded = {id for id in base.nodes.keys() | head.nodes.keys() if self.node(id).path.startswith(AUDIT)} | left_out
        self.tests = {side: self._tests_of(of, excluded) for side, of in (("base", base), ("head", head))}
        self.needed = {side: self._needed(of, self.tests[side]) for side, of in (("base", base), ("head", head))}
        self.shared = (self.needed["base"] & self.needed["head"]) - self.affected

    @property
    def changed_tests(self) -> set[str]:
        """Tests whose own SQL or configuration differs."""
        both = {id for id in self.base.nodes.keys() & self.head.nodes.keys() if self.base.nodes[id].is_test}
        return {id for id in both if self.base.nodes[id].fingerprint != self.head.nodes[id].fingerprint}

    def condition(self, id: str) -> str:
        """Of the rows of a node that are compared: what one side says holds for both."""
        said = [side.nodes[id].condition for side in (self.head, self.base) if id in side.nodes]
        return next((condition for condition in said if condition), "true")

    def why(self, id: str) -> list[str]:
        """What of the node itself differs: its SQL or configuration, and the macros, vars and sources that it uses."""
        if id not in self.changed:
            return []
        before, after = self.base.nodes[id], self.head.nodes[id]
        parts = [name for name in before.parts.keys() | after.parts.keys() if before.parts.get(name) != after.parts.get(name)]
        return (["sql"] if before.text != after.text else []) + sorted(parts)

    def node(self, id: str) -> Node:
        """As head has it; as base had it where it is gone."""
        return self.head.nodes.get(id) or self.base.nodes[id]

    @staticmethod
    def _nodes(side: Side) -> set[str]:
        return {id for id, node in side.nodes.items() if not node.is_test}

    def _tests_of(self, side: Side, excluded: set[str]) -> set[str]:
        """Tests of what is compared, and those that differ themselves. A unit test has its rows given: only its model counts."""
        direct = self.changed | self.added | self.removed
        other = self.head if side is self.base else self.base
        found = set()
        for id, node in side.nodes.items():
            parents = set(node.parents)
            if not node.is_test or self.node(id).path.startswith(AUDIT) or side.with_ancestors(parents) & excluded:
                continue
            differs = id not in other.nodes or other.nodes[id].fingerprint != node.fingerprint
            near = parents & (self.compared & direct if node.kind == "unit_test" else self.compared)
            if near or (differs and parents & side.selected):
                found.add(id)
        return found

    def _needed(self, side: Side, tests: set[str]) -> set[str]:
        parents = {parent for id in tests for parent in side.nodes[id].parents}
        return side.with_ancestors((self.compared & set(side.nodes)) | parents)
