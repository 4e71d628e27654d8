"""Building both revisions: what is the same on both sides once, the rest side by side."""

import datetime
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entity_metrics.diff import folders
from entity_metrics.diff.plan import Plan, Side
from entity_metrics.diff.processes import Process, RevisionFailed

ARCHIVE = "chdb.tar"
"""One file: a chDB folder is thousands."""


@dataclass
class Source:
    """What both sides are built from.

    variables: of the connection; connected, absent: names of the project's sources; key: what says that another run's rows are
    the same, None where nobody knows; filled: whether the site's own ClickHouse tables get rows.
    """

    variables: dict[str, str]
    connected: list[str]
    absent: list[str]
    key: str | None
    filled: bool


@dataclass
class Built:
    """One side. folder: with the rows of what is compared; exports: by node its file and columns, or why there are none;
    results: of models and tests by id."""

    folder: Path
    exports: dict[str, dict[str, Any]]
    results: dict[str, dict[str, Any]]

    def file(self, id: str) -> Path | None:
        name = self.exports.get(id, {}).get("file")
        return self.folder / name if name else None


class Builder:
    """settings: what else the rows hang on, such as vars. tell is called with a sentence at each step."""

    def __init__(
        self,
        plan: Plan,
        processes: dict[str, Process],
        source: Source,
        folder: Path,
        settings: dict[str, Any],
        tell: Callable[[str], None],
    ) -> None:
        self._plan, self._processes, self._source, self._folder, self._tell = plan, processes, source, folder, tell
        self._sides = {"base": plan.base, "head": plan.head}
        self._engines = folders.engines_in(folder)
        # Views sum up to today: what is kept is of one day.
        self._ground = [f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}", source.key, settings]

    def build(self) -> dict[str, Built]:
        """Both sides. Raises RevisionFailed for the first node that cannot be built."""
        keys = {name: self._key_of_side(name) for name in self._sides}
        built = {name: self._kept(key) for name, key in keys.items()}
        missing = [name for name, found in built.items() if found is None]
        for name in built.keys() - missing:
            self._tell(f"What was built of {name} is there from an earlier run.")
        if missing:
            for name, made in self._make(missing).items():
                place = folders.keep(keys[name], made) if self._source.key else made
                built[name] = self._read(place)
        return {name: found for name, found in built.items() if found}

    def _make(self, missing: list[str]) -> dict[str, Path]:
        self._share(missing)
        self._tell(f"Building {len(self._plan.compared)} nodes that may differ, for {' and '.join(missing)} ...")
        for name in missing:
            rest = self._plan.needed[name] - self._plan.shared
            self._ask(name, "build", models=sorted(rest), tests=sorted(self._plan.tests[name]))
        results = {name: self._processes[name].answer() for name in missing}
        for name in missing:
            _assert_built(name, self._sides[name], results[name])
        for name in missing:
            nodes = self._sides[name].nodes
            relations = {
                id: [nodes[id].relation, self._plan.condition(id)]
                for id in self._plan.compared
                if id in nodes and nodes[id].relation
            }
            self._ask(name, "export", relations=relations, to=str(self._folder / f"{name}-rows"))
        made = {}
        for name in missing:
            content = {"exports": self._processes[name].answer(), "results": results[name]}
            made[name] = self._folder / f"{name}-rows"
            (made[name] / "built.json").write_text(json.dumps(content), encoding="utf-8")
        return made

    def _share(self, missing: list[str]) -> None:
        """Give each side a chDB folder with what both have in common, built once, by whichever side is there."""
        key = self._key("shared", self._plan.base, self._plan.shared)
        place = folders.kept(key) if self._source.key and self._plan.shared else None
        shared = self._engines / "shared"
        if place:
            self._tell(f"{len(self._plan.shared)} nodes that both have are there from an earlier run.")
            shared.mkdir()
            subprocess.run(["tar", "-xf", place / ARCHIVE, "-C", shared], check=True)
        elif self._plan.shared:
            self._tell(f"Building {len(self._plan.shared)} nodes that both have ...")
            name = missing[0]
            self._connect(name, shared, new=True)
            results = self._processes[name].do("build", chdb=str(shared), models=sorted(self._plan.shared), tests=[])
            _assert_built(name, self._sides[name], results)
            if self._source.key:
                made = self._folder / "shared"
                made.mkdir()
                subprocess.run(["tar", "-cf", made / ARCHIVE, "-C", shared, "."], check=True)
                folders.keep(key, made)
        for name in missing:
            if self._plan.shared:
                folders.copy_of_chdb(shared, self._chdb(name))
            self._connect(name, self._chdb(name), new=not self._plan.shared)

    def _connect(self, name: str, chdb: Path, new: bool) -> None:
        source = self._source
        self._processes[name].do(
            "connect",
            chdb=str(chdb),
            source_variables=source.variables,
            sources=source.connected,
            fill=source.filled,
            new=new,
        )

    def _chdb(self, name: str) -> Path:
        return self._engines / name

    def _ask(self, name: str, do: str, **arguments: Any) -> None:
        self._processes[name].ask(do, chdb=str(self._chdb(name)), **arguments)

    def _key(self, kind: str, side: Side, ids: set[str], *more: Any) -> str:
        return folders.key_of([kind, self._ground, [[id, side.nodes[id].fingerprint] for id in sorted(ids)], *more])

    def _key_of_side(self, name: str) -> str:
        plan = self._plan
        compared = [[id, plan.condition(id)] for id in sorted(plan.compared)]
        return self._key(name, self._sides[name], plan.needed[name] | plan.tests[name], compared, sorted(plan.shared))

    def _kept(self, key: str) -> Built | None:
        place = folders.kept(key) if self._source.key else None
        return self._read(place) if place else None

    @staticmethod
    def _read(place: Path) -> Built:
        content = json.loads((place / "built.json").read_text(encoding="utf-8"))
        return Built(place, content["exports"], content["results"])


def _assert_built(name: str, side: Side, results: dict[str, dict[str, Any]]) -> None:
    for id, result in results.items():
        if result["status"] == "error" and id in side.nodes and not side.nodes[id].is_test:
            raise RevisionFailed(name, "built", f"{side.nodes[id].name}: {result['message']}")
