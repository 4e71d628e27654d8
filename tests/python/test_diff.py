"""`entity-metrics diff` as people run it: a copy of the project in a git repository, two revisions, one site."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from conftest import PASSWORD, without
from diff_comment import body
from entity_metrics import PROJECT
from entity_metrics.diff.render import LONGEST, MARK
from harness import Project, Ran

SCHEMA = json.loads((PROJECT / "docs" / "diff.schema.json").read_text())

TABLES = ("bounty_metric", "collection_metric", "tag_metric")
"""What the copies have: two models that the same macro makes, and one that goes."""

EMPTIED = "select bountyId as id, trackCount from {{ ref('stg_bounty_metrics') }} where trackCount > 0"


class Clone:
    """A copy of the project with some metric tables, in a repository of its own."""

    def __init__(self, project: Project) -> None:
        self.project, self.folder = project, project.folder
        shutil.copy(PROJECT / ".gitignore", self.folder)
        for folder in (self.folder / "models").glob("*_metrics"):
            if folder.name.removesuffix("s") not in TABLES:
                shutil.rmtree(folder)
        for file in ("metric_tables.yml", "metric_table_snapshots.yml"):
            keep_models(self.folder / "models" / file, TABLES)
        self.write("models/emptied.sql", EMPTIED)
        self.write(
            "models/emptied.yml", "models: [{name: emptied, config: {materialized: table, order_by: id, group: metric_tables}}]"
        )
        self.git("init", "-qb", "main")
        self.commit("base")

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> None:
        self.git("add", ".")
        self.git("commit", "-qm", message)

    def write(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text)

    def replace(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text()
        assert old in text
        self.write(file, text.replace(old, new))

    def diff(self, *arguments: str) -> tuple[Ran, str]:
        """Run it. Returns its exit code and output, and what it told meanwhile."""
        return self.project.command_apart("diff", *arguments)

    def document(self, *arguments: str, code: int) -> dict:
        ran, errors = self.diff(*arguments, "--output", "json")
        assert ran.code == code, ran.output[-3000:] + errors
        found = json.loads(ran.output)
        jsonschema.validate(found, SCHEMA)
        return found


def keep_models(file: Path, parts: tuple[str, ...]) -> None:
    """Leave in a properties file the models of those names."""
    properties = yaml.safe_load(file.read_text())
    properties["models"] = [model for model in properties["models"] if any(part in model["name"] for part in parts)]
    file.write_text(yaml.safe_dump(properties))


@pytest.fixture(scope="module")
def clone(server, warm, tmp_path_factory) -> Iterator[Clone]:
    project = Project(tmp_path_factory.mktemp("diff"), server, "sample", PASSWORD, warm, without(None))
    yield Clone(project)
    project.close()


@pytest.fixture(scope="module")
def changed(clone: Clone) -> dict:
    """The document of a change that is not committed: a macro, a model that goes, one that comes, one that loses its rows."""
    clone.replace("macros/events/metric_events.sql", "else '!= 0' }}", "else '> 2' }}")
    clone.replace("models/emptied.sql", "trackCount > 0", "trackCount < 0")
    shutil.rmtree(clone.folder / "models" / "tag_metrics")
    for file in ("metric_tables.yml", "metric_table_snapshots.yml"):
        keep_models(clone.folder / "models" / file, TABLES[:2])
    clone.write("models/new.sql", "select count() as bounties from {{ ref('emptied') }}")
    clone.write("models/new.yml", "models: [{name: new, data_tests: [{not_empty: {name: new_test}}]}]")
    return clone.document("--base", "main", "--fail-on", "removed-rows,changed-totals", code=1)


def test_what_nobody_may_overlook_comes_first(clone: Clone, changed: dict) -> None:
    nodes = changed["nodes"]
    assert [entry["state"] for entry in nodes[:3]] == ["removed"] * 3
    assert {entry["name"] for entry in nodes[:3]} == {"stg_tag_metrics", "tag_metric_events", "tag_metrics"}
    assert (nodes[3]["name"], nodes[3]["became_empty"]) == ("emptied", True)
    assert all(entry["rows"]["removed"] == entry["rows"]["before"] > 0 == entry["rows"]["after"] for entry in nodes[:4])
    assert set(changed["found"]) >= {
        "removed-models",
        "empty-models",
        "removed-rows",
        "changed-totals",
        "changed-sql",
        "failing-tests",
    }


def test_a_macro_is_shown_once(changed: dict) -> None:
    """... with the models that change in the same way, however often it is in each, and whatever their columns."""
    of_macro = [change for change in changed["sql"] if "macro metric_events" in change["because"]]
    assert [change["nodes"] for change in of_macro] == [["bounty_metric_events", "collection_metric_events"]]
    assert of_macro[0]["times"] > 2 and "> 2" in of_macro[0]["hunk"]


def test_rows_totals_and_tests(changed: dict) -> None:
    nodes = {entry["name"]: entry for entry in changed["nodes"]}
    rows = nodes["bounty_metric_events"]["rows"]
    assert rows["removed"] > 0 == rows["added"] == rows["changed"] and rows["before"] - rows["after"] == rows["removed"]
    assert nodes["bounty_metrics"]["state"] == "below" and nodes["bounty_metrics"]["rows"]["removed"] == rows["removed"]
    assert 1 <= len(rows["examples"]["removed"]) <= 3 and all(example["key"] for example in rows["examples"]["removed"])
    totals = {(metric["entity_type"], metric["quantity"]): metric for metric in changed["totals"]["metrics"]}
    tracked = totals["Bounty", "trackCount"]
    assert tracked["difference"] < 0 < tracked["entities_that_differ"] <= tracked["entities"]
    assert tracked["percent"] == pytest.approx(100 * tracked["difference"] / tracked["before"], abs=0.001)
    tests = changed["tests"]
    assert "reconcile_bounty_metrics" in [test["name"] for test in tests["differently"]]
    assert "new_test" in [test["name"] for test in tests["appeared"]]
    assert "reconcile_tag_metrics" in [test["name"] for test in tests["vanished"]]


def test_as_a_comment_and_again(clone: Clone, changed: dict) -> None:
    """The same difference again builds nothing. Nothing is left behind: in the repository, in target, in the chDB folder."""
    full = clone.folder.parent / "full.md"
    ran, errors = clone.diff("--base", "main", "--output", "markdown", "--full-report", str(full), "--fail-on", "changed-rows")
    assert "changed-rows" not in changed["found"] and ran.code == 0
    assert "from an earlier run" in errors and "Building" not in errors
    assert ran.output.startswith(MARK) and len(ran.output) <= LONGEST
    assert (
        ran.output.index("`tag_metrics` is removed")
        < ran.output.index("`emptied` has no rows any more")
        < ran.output.index("### Rows")
    )
    assert "reconcile_bounty_metrics" in full.read_text()
    assert not (clone.folder / ".chdb").exists() and not (clone.folder / "target").exists()
    assert clone.git("worktree", "list").count("\n") == 1 and "?? .diff" not in clone.git("status", "--porcelain")
    assert [file.name for file in (clone.folder / ".diff").glob("run-*")] == []


def test_nothing_differs(clone: Clone, changed: dict) -> None:
    clone.git("stash", "--include-untracked", "-q")
    try:
        found = clone.document("--base", "HEAD", code=0)
        assert not found["differs"] and found["nodes"] == [] and "the same files" in found["sentence"]
    finally:
        clone.git("stash", "pop", "-q")


def test_bad_input(clone: Clone, changed: dict) -> None:
    """Before anything is built."""
    for arguments, sentence in (
        (("--base", "nosuch"), "--base is 'nosuch', which git does not know"),
        (("--base", "main", "--head", "-x"), "--head is '-x': give a branch"),
        (("--base", "main", "--target", "server"), "The output server is no embedded engine"),
        (("--base", "main", "--range-limit", "1"), "--range-limit is for --given"),
        (("--base", "main", "--fail-on", "nosuch"), "nosuch is none of removed-models"),
    ):
        ran, errors = clone.diff(*arguments)
        assert ran.code == 2 and sentence in errors, errors
    (clone.folder / ".git").rename(clone.folder / "git")
    try:
        ran, errors = clone.diff("--base", "main")
        assert ran.code == 2 and "is in no git repository" in errors
    finally:
        (clone.folder / "git").rename(clone.folder / ".git")


def test_a_base_that_cannot_be_built(clone: Clone, changed: dict) -> None:
    """The node is named, and head's figures stay out. Only what is selected is built, from a source that is given."""
    clone.git("stash", "--include-untracked", "-q")
    clone.git("checkout", "-qb", "broken")
    clone.write("models/emptied.sql", EMPTIED.replace("trackCount", "nosuch"))
    clone.commit("broken")
    clone.write("models/emptied.sql", EMPTIED)
    found = clone.document("--base", "broken", "--given", "--select", "bounty_metrics", "--select", "emptied", code=2)
    assert (
        found["failure"]["side"] == "base"
        and "emptied" in found["failure"]["sentence"]
        and "nosuch" in found["failure"]["sentence"]
    )
    assert found["sql"] and all(entry["rows"] is None for entry in found["nodes"])


def test_a_comment_is_text() -> None:
    """What a fork's code has written calls nobody, and is cut; it begins with the mark once."""
    text = body(f"{MARK}\nhello @somebody <!-- {'x' * 70_000}\n" + "line\n" * 20_000, "https://example.org/run")
    assert text.startswith(MARK) and text.count(MARK) == 1 and "@somebody" not in text
    assert len(text) <= 65_536 and text.rstrip().endswith("of [this run](https://example.org/run).")
