"""A process that has imported dbt, parsed the project and forks for each command: both take longer than what most commands do.

A command is what it would be in a process of its own: its arguments, environment, folder, output and exit code.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import runpy
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, TextIO

import parsed
from faster import make_faster

PROJECT = Path(__file__).parents[2]
TRIAL_ID = 4
"""Bytes of a trial's id; nothing else is named by so few."""

COPIED = ["macros", "models", "seeds", "tests/generic", "dbt_project.yml"]
EXPOSURE = "exposures: [{name: seen, type: dashboard, owner: {name: we}, depends_on: []}]"


@dataclass
class Command:
    """Words as a shell has them, a folder, an environment, and a file for output and errors; for errors another one, if named.

    kept, unchanged: as parsed.keep has them. number: of the trial in its copy, if it is one. stop_at: what the command stands
    still at when it has printed it.
    """

    words: list[str]
    folder: str
    environment: dict[str, str]
    output: str
    kept: str
    unchanged: bool
    number: int
    stop_at: str = ""
    errors: str = ""


class Warm:
    """Runs dbt, and scripts by this Python, in forks of one process. kept: the folder for what dbt parsed."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # numpy's threads would be missing in a fork, too
        )

    def run(self, command: Command) -> int:
        """Run a command to its end. Returns its exit code."""
        return self.wait(self._ask(asdict(command)))

    def start(self, command: Command) -> "Started":
        """Start a command beside others; what it prints can be read as it comes."""
        os.mkfifo(command.output)
        return Started(self, self._ask(asdict(command)), Path(command.output).open(errors="replace"))

    def wait(self, pid: int) -> int:
        return self._ask({"wait": pid})

    def _ask(self, request: dict[str, Any]) -> int:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


@dataclass
class Started:
    """A command in a process group of its own. lines: of its output, until its end."""

    warm: Warm
    pid: int
    lines: TextIO
    code: int | None = None

    def send_signal(self, number: int) -> None:
        """To its main thread: a process that has just stood still takes a signal in any, and the main one may sleep on."""
        ctypes.CDLL(None).tgkill(self.pid, self.pid, number)

    def stands_still(self, seconds: float = 60) -> None:
        """Wait until it does: what it printed may be read before it stops itself, and a signal to go on would come too early."""
        deadline = time.monotonic() + seconds
        stat = Path("/proc", str(self.pid), "stat")
        while time.monotonic() < deadline and stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "TZ":
            time.sleep(0.005)

    def kill(self) -> None:
        os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code; negative where a signal ended it."""
        if self.code is None:
            self.code = self.warm.wait(self.pid)
            self.lines.close()
        return self.code


def serve() -> None:
    """Fork for a command, and answer with the number of its process; wait for one, and answer with its exit code.

    What commands import and make lazily is there before. The engine is loaded, and not begun: its threads would be missing in a
    fork.
    """
    import dbt.adapters.chdb
    import dbt.task.build  # noqa: F401
    import numpy  # noqa: F401
    from sqlparse.lexer import Lexer

    import_libraries()
    make_faster()
    Lexer.get_default_instance()
    gc.disable()  # for commands that end soon
    parse()
    load_engine()
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        else:
            parsed.load(Path(request["kept"]))
            answer = os.fork()
            if answer == 0:
                end(Command(**request))
        print(answer, flush=True)
    os._exit(0)  # without taking apart what it holds: a second and a half


def import_libraries() -> None:
    """Import what the project's commands import, all but their own modules: a copy has its own."""
    sys.path.insert(0, str(PROJECT / "scripts"))
    package = importlib.import_module("entity_metrics")
    for module in pkgutil.walk_packages(package.__path__, "entity_metrics."):
        importlib.import_module(module.name)
    forget_own_modules()
    sys.path.pop(0)


def forget_own_modules() -> None:
    """Have the project's own modules imported anew: a copy has its own."""
    for name in [name for name in sys.modules if name.split(".")[0] == "entity_metrics"]:
        del sys.modules[name]


def load_engine() -> None:
    """Import chdb without what it begins the engine for, which is to ask for its version."""
    execute = ExtensionFileLoader.exec_module
    begin = []

    def execute_and_keep(loader: ExtensionFileLoader, module: Any) -> None:
        execute(loader, module)
        if module.__name__ == "chdb._chdb":
            begin.append(module.connect)
            module.connect = lambda: SimpleNamespace(query=lambda *_: SimpleNamespace(bytes=str), close=str)

    ExtensionFileLoader.exec_module = execute_and_keep
    import chdb

    ExtensionFileLoader.exec_module = execute
    [chdb._chdb.connect] = begin
    import clickhouse_connect.driver._chdbclient  # noqa: F401


def parse() -> None:
    """Parse the project twice, the second time from what the first one kept.

    dbt makes its serializers as it needs them, and remembers the Jinja that it has parsed. Snapshots are left out, and what
    refers to models in YAML: dbt reads that with its static parser, whose threads would be missing in a fork.
    """
    from dbt.cli.main import dbtRunner
    from dbt_common.tests import enable_test_caching

    enable_test_caching()
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            source, copy = PROJECT / name, Path(folder, name)
            copy.parent.mkdir(exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
        shutil.rmtree(Path(folder, "models/brand_visibility"))
        Path(folder, "models/exposures.yml").write_text(EXPOSURE)
        shutil.copy(PROJECT / "profiles.yml.example", Path(folder, "profiles.yml"))
        options = ["--quiet", "--no-static-parser", "--project-dir", folder, "--profiles-dir", folder]
        for _ in range(2):
            assert dbtRunner().invoke(["parse", *options]).success
    assert len([*Path("/proc/self/task").iterdir()]) == 1


def end(command: Command) -> NoReturn:
    """Run a command and end this process with its exit code, without taking apart all that it holds: that takes half a second."""
    code = 0
    try:
        run(command)
    except SystemExit as ex:
        code = ex.code if isinstance(ex.code, int) else int(ex.code is not None)
        if isinstance(ex.code, str):
            print(ex.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class Stopping:
    """A stream of this process, which stands still when it has written a text for the first time."""

    stopped = False

    def __init__(self, stream: TextIO, text: str) -> None:
        self._stream = stream
        self._text = text

    def write(self, said: str) -> int:
        written = self._stream.write(said)
        if self._text in said and not Stopping.stopped:
            Stopping.stopped = True
            os.kill(os.getpid(), signal.SIGSTOP)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def run(command: Command) -> None:
    """Become the command: python and a script, entity-metrics as it is in the folder, or dbt."""
    assert command.environment.get("TZ") == os.environ.get("TZ"), "the engine has read the zone: begin a process for this"
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in a shell's background, it is ignored
    os.environ.clear()
    os.environ.update(command.environment)
    os.chdir(command.folder)
    written = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for file, descriptors, flags in (
        (os.devnull, (0,), os.O_RDONLY),
        (command.output, (1, 2), written),
        *([(command.errors, (2,), written)] if command.errors else []),
    ):
        opened = os.open(file, flags)
        for descriptor in descriptors:
            os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdout.reconfigure(write_through=True)
    if command.stop_at:
        sys.stdout, sys.stderr = Stopping(sys.stdout, command.stop_at), Stopping(sys.stderr, command.stop_at)
    parsed.keep(Path(command.kept), command.unchanged)
    # A trial's id is for parsing: the same in each copy.
    token = secrets.token_hex
    secrets.token_hex = lambda length: f"{command.number:08x}" if length == TRIAL_ID else token(length)
    first, *rest = command.words
    if first == sys.executable:
        sys.argv = rest
        sys.path[0] = str(Path(rest[0]).parent.resolve())
        runpy.run_path(rest[0], run_name="__main__")
    elif Path(first).name == "entity-metrics":
        sys.path[0] = str(Path("scripts").resolve())
        from entity_metrics.cli import main

        sys.argv = command.words
        main()
    else:
        from dbt.cli.main import cli

        sys.argv = command.words
        cli()


if __name__ == "__main__":
    serve()
