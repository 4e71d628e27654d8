"""What the tests drive: a copy of the dbt project."""

import contextlib
import functools
import gc
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ProgrammingError
from dbt.adapters.chdb import ENGINE_OPTIONS
from dbt.cli.main import dbtRunner, dbtRunnerResult

import parsed
from entity_metrics import PROJECT
from event_table import EVENTS as EVENTS
from event_table import EventTable
from postgres_server import Server as Server
from warm import Command, Started, Warm

LOGGED = {"DBT_LOG_LEVEL_FILE": "debug"}
"""For a copy in which dbt is to write logs/dbt.log: that takes a tenth of what a node takes."""

COPIED = ["macros", "models", "seeds", "snapshots", "tests/generic", "scripts", "dbt_project.yml", "profiles.yml.example"]
BIN = Path(sys.executable).parent

SETTINGS = "compile_expressions: 0\n        compile_aggregate_expressions: 0\n        compile_sort_description: 0"
"""Of chDB in the copies: compiling takes longer than what few rows need."""


@dataclass
class Ran:
    """A finished command: its exit code and all that it printed."""

    code: int
    output: str


@dataclass
class Nodes:
    """What a dbt command did in this process.

    statuses: of each node by its name; errors: what the nodes that failed to run have to say; output: all that dbt said.
    """

    statuses: dict[str, str]
    errors: list[str]
    output: str

    def that(self, *statuses: str) -> set[str]:
        """Names of the nodes with one of these statuses: success, error, skipped; of tests pass, fail, warn, error."""
        return {name for name, status in self.statuses.items() if status in statuses}


class Project(EventTable):
    """A throwaway copy of the dbt project, with its own chDB folder, target and logs."""

    def __init__(
        self, folder: Path, server: Server, database: str, password: str, warm: Warm, without: tuple[str, ...] = ()
    ) -> None:
        """database: the Postgres database that is its source. without: jobs that the copy lacks."""
        self.folder = folder / "project"
        self.server = server
        self.database = database
        self._warm = warm
        self._kept = warm.kept / ("-".join(["without", *without]) if without else "all")
        self._kept.mkdir(parents=True, exist_ok=True)
        for name in COPIED:
            source, copy = PROJECT / name, self.folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy)
            elif source.exists():
                shutil.copy2(source, copy)
        for job in without:
            shutil.rmtree(self.folder / "models" / job)
            shutil.rmtree(self.folder / "snapshots" / job, ignore_errors=True)
        if "source_events" in without:  # the event table's views name the nodes of both jobs of events
            for room in ("event_table", "totals", "lookups", "legacy_tables", "audit", "user_totals"):
                shutil.rmtree(self.folder / "models" / room)
        if without:
            (self.folder / "models" / "exposures.yml").unlink()  # it names the models of all jobs
        profile = (self.folder / "profiles.yml.example").read_text()
        (self.folder / "profiles.yml").write_text(profile.replace("compile_expressions: 0 ", SETTINGS + " "))
        shutil.copystat(self.folder / "profiles.yml.example", self.folder / "profiles.yml")
        self.chdb = self.folder / ".chdb"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "ENTITY_", "CLICKHOUSE_"))}
        source = {
            "PGHOST": server.environment["PGHOST"],
            "PGPORT": server.environment["PGPORT"],
            "PGUSER": "site",
            "PGPASSWORD": password,
            "PGDATABASE": database,
            "PGSCHEMA": "public",
        }
        self.environment = (
            inherited
            | {"DBT_USE_COLORS": "false", "COLUMNS": "160", "DBT_WRITE_JSON": "false", "DBT_LOG_LEVEL_FILE": "none"}
            | source
            | {f"BRAND_VISIBILITY_{name}": value for name, value in source.items()}
            | {"BRAND_VISIBILITY_PGSCHEMA": "brand_visibility"}
        )
        self._client: Any = None
        self._processes: list[Started] = []
        self._trials = 0
        self._model: Project | None = None
        self._manifest: Any = None

    def begin_as(self, other: "Project", chdb: bool) -> None:
        """Take what dbt parsed in another copy of the same files and, if wanted, its chDB folder with the source connected."""
        self._model = other
        (self.folder / "target").mkdir()
        # For processes that begin without what is kept.
        shutil.copy(next((other.folder / "target").glob("*.msgpack")), self.folder / "target" / "partial_parse.msgpack")
        if chdb:
            other.release()
            shutil.copytree(other.chdb, self.chdb, symlinks=True)
            for collection in (self.chdb / "named_collections").iterdir():
                text = collection.read_text()
                assert f"database = '{other.database}'" in text
                collection.write_text(text.replace(f"database = '{other.database}'", f"database = '{self.database}'"))

    def run(self, *command: str, ok: bool | None = True, **environment: str) -> Ran:
        """Run dbt or a script in the copy. ok: whether it must succeed; None takes either."""
        self.release()
        output = self.folder.parent / "output"
        code = self._warm.run(self._as_command(command, output, environment))
        text = output.read_text(errors="replace")
        assert ok is None or (code == 0) == ok, text[-6000:]
        return Ran(code, text)

    def dbt(self, *arguments: str, ok: bool | None = True, **environment: str) -> Ran:
        """Run dbt: in this process where that makes no difference, which takes half the time."""
        if environment or not self._may_run_here(arguments):
            return self.run(str(BIN / "dbt"), *arguments, ok=ok, **environment)
        done, said = self._invoke(arguments)
        output = "\n".join([message for level, message in said if level != "debug"] + [str(done.exception or "")])
        assert ok is None or done.success == ok, output[-6000:]
        return Ran(0 if done.success else 1, output)

    def _may_run_here(self, arguments: tuple[str, ...]) -> bool:
        """Whether what was parsed once for all copies is what dbt would parse here."""
        return (
            self._model is not None
            and arguments[0] in ("run", "build", "test", "snapshot", "seed")
            and not re.search(rf"--target|--log-level|{parsed.FOR_PARSING}", " ".join(arguments))
            and self._unchanged()
        )

    def _unchanged(self) -> bool:
        """Whether the copy's files are as they were copied."""
        return self._files() == (self._model or self)._files_parsed

    @functools.cached_property
    def _files_parsed(self) -> set[tuple[str, float, int]]:
        """The files of a copy that no test changes."""
        return self._files()

    def _files(self) -> set[tuple[str, float, int]]:
        """All files that dbt reads: path, time of change and size. A copy has its file's time."""
        found = [file for name in COPIED for file in (self.folder / name).rglob("*")] + [self.folder / "profiles.yml"]
        found += [self.folder / name for name in COPIED if (self.folder / name).is_file()]
        stats = {str(file.relative_to(self.folder)): file.stat() for file in found if file.is_file()}
        return {(name, stat.st_mtime, stat.st_size) for name, stat in stats.items() if "__pycache__" not in name}

    def dbt_here(self, *arguments: str, ok: bool | None = True) -> Nodes:
        """Run dbt in this process, from files parsed once for all copies: other vars would have dbt parse them anew.

        Not for a copy whose models or macros were changed, nor for a trial, whose database is chosen when files are parsed.
        """
        done, said = self._invoke(arguments)
        output = "\n".join([message for _, message in said] + [str(done.exception or "")])
        assert ok is None or done.success == ok, output[-6000:]
        results = done.result.results if done.result else []
        statuses = {result.node.name: str(result.status) for result in results}
        errors = [f"{result.node.name}: {result.message}" for result in results if str(result.status) == "error"]
        return Nodes(statuses, errors + ([str(done.exception)] if done.exception else []), output)

    def _invoke(self, arguments: tuple[str, ...]) -> tuple[dbtRunnerResult, list[tuple[str, str]]]:
        """What dbt gives, and each of its messages with its level."""
        manifest = self.manifest()
        with contextlib.suppress(ProgrammingError):  # another process has the folder open, as dbt will say
            self._opened()  # so that the engine is not ended and begun anew for what comes after dbt
        said: list[tuple[str, str]] = []
        with self.inside():
            runner = dbtRunner(manifest, [lambda event: said.append((str(event.info.level), event.info.msg))])
            return runner.invoke([*arguments, "--quiet"]), said

    def manifest(self, variables: str = "{}") -> Any:
        """What dbt parsed with these vars, in the first copy of the same files."""
        if self._model:
            return self._model.manifest(variables)
        if self._manifest is None:
            parsed.keep(self._kept, unchanged=True)
            with self.inside():
                self._manifest = dbtRunner().invoke(["parse", "--quiet", "--vars", variables]).result
            gc.collect()
            gc.freeze()  # it stays
        return self._manifest

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """This process in the copy's folder, with its environment."""
        folder, environment = Path.cwd(), dict(os.environ)
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)

    def command(self, *arguments: str, ok: bool | None = True, **environment: str) -> Ran:
        """Run `entity-metrics` of the copy."""
        return self.run(str(BIN / "entity-metrics"), *arguments, ok=ok, **environment)

    def command_apart(self, *arguments: str) -> tuple[Ran, str]:
        """Run `entity-metrics` of the copy with standard error apart from its output."""
        self.release()
        output, errors = self.folder.parent / "output", self.folder.parent / "errors"
        command = self._as_command((str(BIN / "entity-metrics"), *arguments), output, {})
        return Ran(self._warm.run(replace(command, errors=str(errors))), output.read_text()), errors.read_text()

    def connect(self, *arguments: str, ok: bool | None = True, **environment: str) -> Ran:
        return self.run(sys.executable, "scripts/connect_source.py", *arguments, ok=ok, **environment)

    def load_clickhouse(self) -> None:
        """Make and fill the site's own ClickHouse tables, which some packages read."""
        self.run(sys.executable, "scripts/sample_site.py", "load-clickhouse")

    def backfill(self, *arguments: str, ok: bool | None = True, **environment: str) -> Ran:
        return self.run(sys.executable, "scripts/backfill.py", *arguments, ok=ok, **environment)

    def start(self, *command: str, until: str, then: Callable[[Started], None]) -> Ran:
        """Run a command, and do `then` with its process, which stands still meanwhile, when it has printed `until`."""
        self.release()
        process = self.start_beside(*command, stop_at=until)
        output = ""
        done = False
        for line in process.lines:
            output += line
            if not done and until in line:
                done = True
                process.stands_still()
                then(process)
                os.killpg(process.pid, signal.SIGCONT)
        code = process.wait()
        assert done, output[-6000:]
        return Ran(code, output)

    def start_beside(self, *command: str, stop_at: str = "") -> Started:
        """Start a command beside others. It stands still when it has printed stop_at."""
        output = self.folder.parent / f"output{len(self._processes)}"
        self._processes.append(self._warm.start(replace(self._as_command(command, output, {}), stop_at=stop_at)))
        return self._processes[-1]

    def _as_command(self, words: tuple[str, ...], output: Path, environment: dict[str, str]) -> Command:
        environment = self.environment | environment
        self._trials += "--dry-run" in words or any(word.startswith("--limit-batches") for word in words)
        return Command([*words], str(self.folder), environment, str(output), str(self._kept), self._unchanged(), self._trials)

    def postgres(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in the test's Postgres database."""
        with self.server.connect(self.database) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def client(self) -> Any:
        """A client of the chDB folder. While it is open, only this process can open the folder."""
        return clickhouse_connect.get_client(
            interface="chdb",
            path=str(self.chdb),
            chdb_options=ENGINE_OPTIONS,
            settings={"session_timezone": "UTC", "mutations_sync": "2"},
        )

    def _opened(self) -> Any:
        """The client that stays open until the folder is released."""
        if self._client is None:
            self._client = self.client()
        return self._client

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in the chDB folder, which a command that follows can open again."""
        client = self._opened()
        return list(client.query(sql).result_rows) if sql.lstrip().startswith(("select", "with")) else self._command(sql)

    def value(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def _command(self, sql: str) -> list[tuple[Any, ...]]:
        self._client.command(sql)
        return []

    def release(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def close(self) -> None:
        self.release()
        for process in self._processes:
            if process.code is None:
                process.kill()
                process.wait()
