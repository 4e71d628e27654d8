"""What a difference is made of, without building: the comment's length, a hunk shown once, rows as the database compares them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from clickhouse_connect.driver.binding import format_query_value

from entity_metrics import PROJECT
from entity_metrics.diff import document, render
from entity_metrics.diff.compare import Comparison
from entity_metrics.diff.plan import Node, Plan, Side
from entity_metrics.diff.revisions import Revision
from entity_metrics.diff.rows import Rows
from entity_metrics.diff.sql_changes import changes
from entity_metrics.target import Target

SCHEMA = json.loads((PROJECT / "docs" / "diff.schema.json").read_text())
EVENT = "entityType LowCardinality(String), entityId Int32, userId Int32, value Nullable(Int32)"


def node(name: str, kind: str = "model", **more: Any) -> Node:
    made = {"path": f"models/{name}.sql", "fqn": [name], "materialized": "table", "relation": name, "parents": [], "text": name}
    return Node(id=f"{kind}.{name}", name=name, kind=kind, parts={}, **made | more)


def side(*nodes: Node) -> Side:
    return Side({n.id: n for n in nodes}, {n.id for n in nodes}, macros={}, variables={}, used=set())


def made_up(models: int, line: str = "x" * 100) -> dict[str, Any]:
    """A document of so many changed models, each with a difference of its own, a test that fails and a total."""
    found = document.beginning(Revision("main", "a" * 40, "b" * 40), Revision("working tree", "", "c" * 40), "the sample site")
    names = [f"model_{number}_with_a_name_that_is_not_short" for number in range(models)]
    for number, name in enumerate(names):
        rows = Rows(9000, 8900 - number, removed=100 + number, unchanged=8900 - number, key=["id"], key_from="order_by")
        rows.examples = {"removed": [{"key": {"id": str(key)}} for key in range(3)]}
        entry = {"id": f"model.{name}", "name": name, "kind": "model", "path": name, "materialized": "table", "state": "changed"}
        found["nodes"].append(entry | {"why": ["sql"], "became_empty": False, "rows": asdict(rows)})
        found["sql"].append({"hunk": "\n".join([f"+{line}"] * 60), "first": name, "times": 1, "nodes": [name], "because": []})
        passed, fails = {"status": "pass", "failures": 0}, {"status": "fail", "failures": 7}
        found["tests"]["differently"].append({"name": f"test_{name}", "node": name, "before": passed, "after": fails})
        total = {"entity_type": "Image", "quantity": name, "before": 9, "after": 8, "difference": -1, "percent": -11.1}
        found["totals"]["metrics"].append(total | {"entities_that_differ": 1, "entities": 5})
    found["totals"]["from"] = "metric_totals"
    document.conclude(found)
    return found


@pytest.mark.parametrize("models", [1, 100, 3000])
@pytest.mark.parametrize("line", ["x" * 100, "`" * 300], ids=["plain", "fence"])
def test_a_comment_fits_whatever_the_change(models: int, line: str) -> None:
    """The most important comes first, and what has no place is counted. The full report has it."""
    found = made_up(models, line)
    jsonschema.validate(found, SCHEMA)
    text, whole = render.comment(found), render.whole(found)
    assert len(text) <= render.LONGEST and text.startswith(render.MARK)
    assert f"model_{models - 1}_with" in text  # it lost most rows
    assert all(f"model_{number}_with" in whole for number in range(models))
    assert ("are in the full report" in text) == (models > 1)
    for opening, closing in (("<details>", "</details>"), ("<summary>", "</summary>")):
        assert text.count(opening) == text.count(closing)
    assert "<details>" not in render.plain(found) and "```" not in render.plain(made_up(1))


def test_what_failed_is_said_and_no_figures_are_shown() -> None:
    found = document.beginning(Revision("main", "a" * 40, "b" * 40), Revision("v2", "d" * 40, "c" * 40), "the sample site")
    found["failure"] = {"side": "head", "step": "built", "sentence": "Head cannot be built: tags: no such column."}
    document.conclude(found)
    assert "Head cannot be built: tags: no such column." in render.comment(found) and "No figures" in render.comment(found)


def test_a_change_of_a_macro_is_one_and_others_are_their_own() -> None:
    """Two models whose macro changed, each with its own column; two that were changed by hand in other ways."""
    by_hand = [node("c", text="select 1"), node("d", text="select 1")]
    before = [node(name, text=f"select {name}_id\nfrom t\nwhere {name}_id != 0") for name in ("a", "b")]
    after = [node(name, text=f"select {name}_id\nfrom t\nwhere {name}_id > 0 and {name}_id < 9") for name in ("a", "b")]
    for found, version in ((before, "1"), (after, "2")):
        for entry in found:
            entry.parts["macro m"] = version
    plan = Plan(side(*before, *by_hand), side(*after, node("c", text="select 2"), node("d", text="select 3")))
    found = changes(plan)
    assert [(change.nodes, change.because) for change in found] == [(["a", "b"], ["macro m"]), (["c"], []), (["d"], [])]
    assert "-where a_id != 0" in found[0].hunk


def test_what_is_built_and_tested() -> None:
    """What is the same and above is shared; a sibling is not built; a unit test is of its own model only; audit is left out."""
    nodes = [
        node("source"),
        node("a", parents=["model.source"]),
        node("sibling", parents=["model.source"]),
        node("below", parents=["model.a", "model.source"]),
        node("audit", path="models/audit/audit.sql", parents=["model.below"]),
        node("of_below", "test", parents=["model.below"]),
        node("of_sibling", "test", parents=["model.sibling"]),
        node("unit_of_a", "unit_test", parents=["model.a"]),
        node("unit_of_below", "unit_test", parents=["model.below"]),
    ]
    changed = [node("a", parents=["model.source"], text="other") if entry.name == "a" else entry for entry in nodes]
    plan = Plan(side(*nodes), side(*changed))
    assert plan.compared == {"model.a", "model.below"} and plan.shared == {"model.source"} and plan.not_built == {"model.audit"}
    assert plan.tests["head"] == {"test.of_below", "unit_test.unit_of_a"}
    assert Plan(side(*nodes), side(*nodes)).compared == set()
    assert Plan(side(*nodes), side(*nodes), whole=True).compared == {"model.source", "model.a", "model.sibling", "model.below"}


class Files:
    """Compares rows that are given as SQL."""

    def __init__(self, engine: Target, folder: Path) -> None:
        self.engine, self.folder = engine, folder

    def compare(self, before: str, after: str, with_values: bool = False, **more: Any) -> Rows:
        files = []
        for name, query in (("before", before), ("after", after)):
            file = self.folder / f"{name}.native"
            file.unlink(missing_ok=True)
            self.engine.command(f"insert into function file({format_query_value(str(file))}, 'Native') {query}")
            columns = [list(row[:2]) for row in self.engine.rows(f"describe ({query})")]
            files.append((file if file.exists() else None, columns))
        varies = more.pop("varies", [])
        return Comparison(self.engine, node("n", **more), varies, files).rows(with_values)


@pytest.fixture
def files(embedded: Target, tmp_path: Path) -> Files:
    return Files(embedded, tmp_path)


def events(rows: str) -> str:
    return f"select * from values('{EVENT}', {rows})"


IMAGES = ", ".join(f"('Image', {number}, 7, {number})" for number in range(20))
POSTS = ", ".join(f"('Post', {number}, 7, {number})" for number in range(20))
KEY = [(["entityType", "entityId"], "order_by")]


def test_rows_by_key(files: Files) -> None:
    """Added, removed, changed; a null is no zero; where the change is; no key of a person."""
    before, after = events(f"{IMAGES}, {POSTS}"), events(f"{IMAGES.replace(', 7, 3)', ', 7, null)')}, {POSTS}, ('User', 5, 7, 1)")
    rows = files.compare(before, after.replace("('Image', 4, 7, 4), ", ""), keys=KEY)
    assert (rows.added, rows.removed, rows.changed, rows.unchanged) == (1, 1, 1, 38)
    assert rows.key == ["entityType", "entityId"] and rows.key_from == "order_by"
    assert {column["name"]: column["rows"] for column in rows.columns} == {"value": 1}
    assert rows.examples["removed"] == [{"key": {"entityType": "Image", "entityId": "4"}}]
    assert rows.examples["added"] == [{"key": {"entityType": "User", "entityId": "a user"}}]


def test_where_a_change_is_concentrated(files: Files) -> None:
    rows = files.compare(events(f"{IMAGES}, {POSTS}"), events(POSTS), keys=KEY)
    assert [(found["column"], found["value"], found["share"]) for found in rows.concentrated] == [("entityType", "Image", 1.0)]
    spread = files.compare(events(f"{IMAGES}, {POSTS}"), f"select * from ({events(f'{IMAGES}, {POSTS}')}) where false", keys=KEY)
    assert spread.after == 0 and spread.removed == 40 and spread.concentrated == []


def test_whole_rows_where_a_key_repeats(files: Files) -> None:
    """A row that is there twice and then once is one row less."""
    rows = files.compare(
        events("('Tag', 1, 7, 1), ('Tag', 1, 7, 1), ('Tag', 2, 7, 1)"), events("('Tag', 1, 7, 1), ('Tag', 2, 7, 2)"), keys=KEY
    )
    assert rows.key == [] and (rows.removed, rows.added, rows.changed, rows.unchanged) == (2, 1, 0, 1)


def test_columns_that_vary_go_or_change_their_type(files: Files) -> None:
    rows = files.compare("select 1 as id, now64(6) as at, 5 as gone", "select 1 as id, now64(6) as at, 'x' as new", varies=["at"])
    assert (rows.lost_columns, rows.new_columns, rows.left_out, rows.unchanged) == (["gone"], ["new"], ["at"], 1)
    rows = files.compare("select 1::Int32 as id", "select 1::Int64 as id")
    assert rows.unchanged == 1 and rows.retyped_columns == [{"name": "id", "before": "Int32", "after": "Int64"}] and rows.differ


def test_values_are_shown_on_demand_only(files: Files) -> None:
    before, after = "select 5 as user_id, 'a b' as name, 1 as score", "select 5 as user_id, 'a b' as name, 2 as score"
    key = [(["user_id", "name"], "order_by")]
    assert files.compare(before, after, keys=key).examples == {}
    shown = files.compare(before, after, with_values=True, keys=key).examples["changed"]
    assert shown == [{"key": {"user_id": "5", "name": "a b"}, "values": [{"column": "score", "before": "1", "after": "2"}]}]
