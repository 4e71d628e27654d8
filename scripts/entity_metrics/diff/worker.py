"""The process that runs dbt on one revision: `python -m entity_metrics.diff.worker` in the folder of a checkout.

It reads a request a line, as JSON, and answers with a line: {"answer": ...} or {"error": sentence}. dbt is imported and the
project parsed once. It has one chDB folder open at a time.
"""

import gc
import json
import os
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.binding import format_query_value
from dbt.adapters.chdb import ENGINE_OPTIONS
from dbt.adapters.exceptions import FailedToConnectError
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.task.compile import CompileTask

from entity_metrics import sample_site, source
from entity_metrics.diff.processes import PATH
from entity_metrics.diff.reading import Reader, variables_of
from entity_metrics.errors import EntityMetricsError
from entity_metrics.explain import explain
from entity_metrics.target import Target, embedded_target

DATABASE = "entity_metrics"

TAG = "of_this_difference"

TRIES = 25
"""How often a chDB folder is tried again that another connection of the process still has, each time after 0.2 s."""


# Some nodes ask what a table holds that is not there yet: one of them must not end the compilation of all.
CompileTask.raise_on_first_error = lambda _task: False


class Worker:
    """A checkout. variables: dbt's vars for every command."""

    def __init__(self, folder: Path, variables: dict[str, Any]) -> None:
        self._folder = folder
        self._variables = variables
        self._manifest: Any = None

    def parse(self) -> None:
        """Parse the project. What an earlier run parsed is in the target folder; dbt parses anew what differs."""
        self._manifest = self._invoke("parse").result

    def read(self, chdb: str, select: list[str], to: str) -> None:
        """Compile in an empty chDB folder; write what the nodes are into a file. Nothing is built."""
        os.environ[PATH] = chdb
        texts, refused = self._compiled()
        declared = variables_of(self._folder)
        reader = Reader(self._manifest, texts, declared | self._variables, self._folder)
        content = {
            "nodes": [asdict(node) for node in reader.nodes()],
            "selected": self._selected(select) if select else None,
            "macros": reader.macros(),
            "used": sorted(reader.used),
            "variables": declared,
            "refused": refused,
        }
        Path(to).write_text(json.dumps(content, default=str), encoding="utf-8")

    def connect(self, chdb: str, source_variables: dict[str, str], sources: list[str], fill: bool, new: bool) -> None:
        """Give a chDB folder the connection to the sources; a new one gets the site's ClickHouse tables, with rows if `fill`."""
        os.environ.update(source_variables)
        declared = variables_of(self._folder)
        # dbt's client makes a database of a name once in a process.
        with clickhouse_connect.get_client(interface="chdb", path=chdb, chdb_options=ENGINE_OPTIONS) as client:
            client.command(f"create database if not exists {DATABASE}")
        target = self._target(chdb)
        try:
            for name in sources:
                kind = {"postgres": "source"}.get(name, name)
                source.connect(target, declared[f"{kind}_collection"], declared[f"{kind}_database"], name)
            if new:
                names = (declared[name] for name in ("source_database", "events_database", "orchestration_database"))
                sample_site.fill_clickhouse(target, *names, rows=fill)
        finally:
            target.close()

    def build(self, chdb: str, models: list[str], tests: list[str]) -> dict[str, dict[str, Any]]:
        """Build models, seeds and snapshots, then run tests, all given by id. Returns their results."""
        os.environ[PATH] = chdb
        if self._manifest is None:
            self.parse()
        found: dict[str, dict[str, Any]] = {}
        if models:
            found |= self._results("build", models, "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
        if tests and all(result["status"] == "success" for result in found.values()):
            found |= self._results("test", tests, "--indirect-selection", "empty")
        return found

    def export(self, chdb: str, relations: dict[str, list[str]], to: str) -> dict[str, dict[str, Any]]:
        """Write rows of relations, those of which a condition holds, into files. Returns for each its file and its columns."""
        folder = Path(to)
        folder.mkdir(parents=True, exist_ok=True)
        target = self._target(chdb)
        found: dict[str, dict[str, Any]] = {}
        try:
            for number, (id, (relation, condition)) in enumerate(sorted(relations.items())):
                file = folder / f"{number}.native"
                try:
                    columns = [list(row[:2]) for row in target.rows(f"describe table {relation}")]
                    into = f"insert into function file({format_query_value(str(file))}, 'Native')"
                    target.command(f"{into} select * from {relation} where {condition}")
                except Exception as ex:
                    asks = "parameterized view" in str(ex)
                    found[id] = {"error": "has rows only for parameters" if asks else explain(ex).sentence}
                    continue
                found[id] = {"file": file.name if file.exists() else None, "columns": columns}
        finally:
            target.close()
        return found

    def _compiled(self) -> tuple[dict[str, str], dict[str, str]]:
        """The SQL of each node that has any; and of nodes that cannot be compiled where nothing is built, why."""
        results = self._invoke("compile", failing=True).result.results
        failed = {
            result.node.unique_id: explain(result.message or "").sentence for result in results if str(result.status) == "error"
        }
        texts = {result.node.unique_id: result.node.compiled_code or "" for result in results}
        return {id: text for id, text in texts.items() if id not in failed}, failed

    def _selected(self, select: list[str]) -> list[str]:
        listed = self._invoke("ls", "--select", *select, "--output", "json", "--output-keys", "unique_id").result
        return [json.loads(line)["unique_id"] for line in listed or []]

    def _results(self, command: str, ids: list[str], *options: str) -> dict[str, dict[str, Any]]:
        """Run a command on these nodes. They are given a tag: dbt looks through all nodes for each name that it is told."""
        self._tag(ids, [TAG])
        done = self._invoke(command, "--select", f"tag:{TAG}", *options, failing=True)
        self._tag(ids, [])
        return {
            result.node.unique_id: {
                "status": str(result.status),
                "failures": result.failures,
                "message": explain(result.message or "").sentence if str(result.status) in ("error", "fail") else "",
            }
            for result in done.result.results
        }

    def _tag(self, ids: list[str], tags: list[str]) -> None:
        for id in ids:
            if id in self._manifest.unit_tests:
                self._manifest.unit_tests[id].config.tags = tags
            else:
                self._manifest.nodes[id].config.tags = self._manifest.nodes[id].tags = tags

    def _invoke(self, *command: str, failing: bool = False) -> dbtRunnerResult:
        """failing: whether nodes may fail. Raises EntityMetricsError for dbt's own failure, or else for the first node's."""
        options = ["--log-level", "none", "--log-level-file", "none", "--no-write-json", "--vars", json.dumps(self._variables)]
        done = dbtRunner(manifest=self._manifest).invoke([*command, *options])
        if done.exception:
            raise explain(done.exception) from done.exception
        if not failing and not done.success:
            failed = [result for result in getattr(done.result, "results", []) if str(result.status) == "error"]
            raise EntityMetricsError(
                f"{failed[0].node.name}: {explain(failed[0].message or '').sentence}" if failed else "dbt failed."
            )
        return done

    @staticmethod
    def _target(chdb: str) -> Target:
        """The chDB folder. A process has one at a time: dbt's is closed when the garbage is collected that holds it."""
        for _ in range(TRIES):
            try:
                return embedded_target(chdb, DATABASE)
            except FailedToConnectError:
                gc.collect()
                time.sleep(0.2)
        return embedded_target(chdb, DATABASE)


def main() -> None:
    """Answer requests until there are no more. What dbt and its libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    gc.set_threshold(200_000, 20, 50)  # dbt's manifest is large and stays
    worker = Worker(Path.cwd(), json.loads(sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"answer": getattr(worker, request.pop("do"))(**request)}
        except Exception as ex:
            traceback.print_exc()
            answer = {"error": explain(ex).sentence}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
