"""A process that has imported dbt, parsed a project and forks for each command: both take longer than what most commands do.

A command is what it would be in a process of its own: its arguments, environment, folder, output and exit code.
"""

import gc
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

PROJECT = Path(__file__).parents[2]


class Warm:
    """Runs dbt, and scripts by this Python, in forks of one process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
        )

    def run(self, command: list[str], folder: Path, environment: dict[str, str], output: Path) -> int:
        """Run a command, its output and errors going to a file. Returns its exit code."""
        request = {"command": command, "folder": str(folder), "environment": environment, "output": str(output)}
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def serve() -> None:
    """Fork for each request, and answer with the exit code."""
    import dbt.adapters.chdb  # noqa: F401

    parse()
    gc.disable()  # for commands that end soon
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(**json.loads(line))
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


SMALL_PROJECT = {
    "dbt_project.yml": "{name: small, profile: entity_metrics, model-paths: [.], seed-paths: [.], flags: {static_parser: false}}",
    "one.sql": "select 1 as id",
    "two.csv": "id\n1\n",
    "all.yml": """
        models:
          - {name: one, group: few, columns: [{name: id, data_tests: [unique]}]}
        sources: [{name: here, tables: [{name: there, columns: [{name: id}]}]}]
        groups: [{name: few, owner: {name: we}}]
        exposures: [{name: seen, type: dashboard, owner: {name: we}, depends_on: []}]
        unit_tests: [{name: known, model: one, given: [], expect: {rows: [{id: 1}]}}]
        """,
}
"""Something of each kind, and nothing that dbt reads with its static parser, whose threads would be missing in a fork."""


def parse() -> None:
    """Parse a project twice, the second time from what the first one kept: dbt makes its serializers as it needs them."""
    from dbt.cli.main import dbtRunner

    with tempfile.TemporaryDirectory() as folder:
        for name, text in SMALL_PROJECT.items():
            Path(folder, name).write_text(textwrap.dedent(text))
        shutil.copy(PROJECT / "profiles.yml.example", Path(folder, "profiles.yml"))
        for _ in range(2):
            assert dbtRunner().invoke(["parse", "--quiet", "--project-dir", folder, "--profiles-dir", folder]).success
    assert len([*Path("/proc/self/task").iterdir()]) == 1


def run(command: list[str], folder: str, environment: dict[str, str], output: str) -> None:
    """Become the command: python and a script, entity-metrics as it is in the folder, or dbt."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for file, descriptors, flags in ((os.devnull, (0,), os.O_RDONLY), (output, (1, 2), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)):
        opened = os.open(file, flags)
        for descriptor in descriptors:
            os.dup2(opened, descriptor)
    if command[0] == sys.executable:
        sys.argv = command[1:]
        sys.path[0] = str(Path(command[1]).parent.resolve())
        runpy.run_path(command[1], run_name="__main__")
    elif Path(command[0]).name == "entity-metrics":
        sys.path[0] = str(Path("scripts").resolve())
        from entity_metrics.cli import main

        sys.argv = command
        main()
    else:
        from dbt.cli.main import cli

        sys.argv = command
        cli()


if __name__ == "__main__":
    serve()
