"""The two processes that run dbt, one for each revision."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import entity_metrics
from entity_metrics import PROJECT
from entity_metrics.diff.plan import Node, Side
from entity_metrics.errors import EntityMetricsError
from entity_metrics.project import read_yaml

PATH = "ENTITY_METRICS_CHDB_PATH"

PARTIAL_PARSE = "partial_parse.msgpack"


class RevisionFailed(EntityMetricsError):
    """A revision that cannot be parsed, compiled or built. side: base or head; step: what failed."""

    def __init__(self, side: str, step: str, sentence: str) -> None:
        super().__init__(f"{side.capitalize()} cannot be {step}: {sentence}")
        self.side, self.step, self.said = side, step, sentence


class Process:
    """dbt on one revision, in a process of its own.

    name: base or head; folder: its checkout, whose profile this writes; variables: dbt's vars.
    """

    def __init__(self, name: str, folder: Path, profile: dict[str, Any], variables: dict[str, Any]) -> None:
        self.name, self.folder = name, folder
        declared = read_yaml(folder / "dbt_project.yml")
        (folder / "profiles.yml").write_text(json.dumps({declared.get("profile", declared["name"]): profile}))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "ENTITY_METRICS_"))}
        environment |= {
            "DBT_PROFILES_DIR": str(folder),
            "PYTHONPATH": str(Path(entity_metrics.__file__).parents[1]),
            PATH: "",
        }
        self._log = folder.parent / f"{name}.log"
        self._environment, self._variables = environment, variables
        self._started: subprocess.Popen[str] | None = None
        self._asked = ""

    @property
    def _process(self) -> subprocess.Popen[str]:
        """Started when something is asked of it."""
        if self._started is None:
            self._started = subprocess.Popen(
                [sys.executable, "-m", "entity_metrics.diff.worker", json.dumps(self._variables)],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log.open("w"),
                text=True,
                encoding="utf-8",
            )
        return self._started

    def ask(self, do: str, **arguments: Any) -> None:
        """Begin something; `answer` waits for its end."""
        self._asked = do
        assert self._process.stdin
        with contextlib.suppress(OSError):  # `answer` says why
            self._process.stdin.write(json.dumps({"do": do, **arguments}, default=str) + "\n")
            self._process.stdin.flush()

    def answer(self) -> Any:
        """Raises RevisionFailed with what the process said."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        step = {"parse": "parsed", "read": "compiled", "connect": "connected to the source", "build": "built", "export": "read"}[
            self._asked
        ]
        if not line:
            said = (self._log.read_text(errors="replace").strip().splitlines() or ["its process ended"])[-1]
            raise RevisionFailed(self.name, step, said)
        reply = json.loads(line)
        if "error" in reply:
            raise RevisionFailed(self.name, step, reply["error"])
        return reply["answer"]

    def do(self, do: str, **arguments: Any) -> Any:
        self.ask(do, **arguments)
        return self.answer()

    def close(self) -> None:
        if self._started:
            self._started.kill()
            self._started.wait()


def profile_of(target: str | None) -> dict[str, Any]:
    """The profile for both revisions: the embedded output, in a chDB folder of the run.

    Raises EntityMetricsError for an output that is not embedded: only there are two databases of one name, side by side.
    """
    file = next((file for file in _profiles() if file.exists()), None)
    outputs = next(iter(read_yaml(file).values()))["outputs"] if file else {}
    name = target or "embedded"
    if name not in outputs:
        raise EntityMetricsError(f"The profile has no output {name}: make it from profiles.yml.example, as `make setup` does.")
    if outputs[name].get("type") != "chdb":
        raise EntityMetricsError(
            f"The output {name} is no embedded engine: a difference is made on one, so name one of type chdb."
        )
    output = dict(outputs[name]) | {"path": f"{{{{ env_var('{PATH}') }}}}", "schema": "entity_metrics"}
    return {"target": name, "outputs": {name: output}}


def _profiles() -> list[Path]:
    given = os.environ.get("DBT_PROFILES_DIR")
    return [*([Path(given) / "profiles.yml"] if given else []), PROJECT / "profiles.yml", PROJECT / "profiles.yml.example"]


def side_of(content: dict[str, Any], selected: bool) -> Side:
    """What a worker has read. selected: whether --select was given."""
    nodes = {entry["id"]: Node(**entry) for entry in content["nodes"]}
    return Side(
        nodes=nodes,
        selected=set(content["selected"]) if selected else set(nodes),
        macros=content["macros"],
        variables=content["variables"],
        used=set(content["used"]),
        uncompiled=set(content["refused"]),
    )
