"""Making a difference: from two names of revisions to a document."""

import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entity_metrics.diff import document, folders, processes
from entity_metrics.diff.builds import Builder, Source
from entity_metrics.diff.plan import Plan, Side
from entity_metrics.diff.processes import PARTIAL_PARSE, Process, RevisionFailed
from entity_metrics.diff.revisions import Repository, Revision
from entity_metrics.project import installed_versions

READ = "read.json"

VARIABLES = {"engagement_date": "2025-01-21"}
"""The vars of both sides: the score is of the sample site's last day, as `make demo` has it, and not of today."""

PROGRAMS = ("dbt-core", "dbt-clickhouse", "chdb", "chdb-core")
"""What parses and runs SQL."""


@dataclass
class Request:
    """What a person asked for.

    head: None for the working tree; given: whether the source is what PGHOST ... name; range_limit: how many ranges of each of
    its tables are pulled, 0 for all; whole: compare everything, whatever changed.
    """

    base: str
    head: str | None = None
    target: str | None = None
    select: tuple[str, ...] = ()
    given: bool = False
    range_limit: int = 0
    whole: bool = False
    with_values: bool = False


def run(request: Request, tell: Callable[[str], None]) -> dict[str, Any]:
    """The document. tell is called with a sentence at each step.

    Raises EntityMetricsError where there is nothing to begin with; a revision that cannot be built is a failure of the document.
    """
    started = time.monotonic()
    profile = processes.profile_of(request.target)
    with folders.run_folder() as folder:
        repository = Repository(folder / "git")
        head = repository.head(request.head)
        base = repository.base(request.base, head)
        of_source = "the source that PGHOST names" if request.given else "the sample site"
        found = document.beginning(
            base, head, of_source + (f", {request.range_limit} ranges a table" if request.range_limit else "")
        )
        if base.tree == head.tree and not request.whole:
            found["sentence"] = "Both revisions have the same files: nothing was built, and no rows were compared."
        else:
            _compare(request, repository, base, head, found, profile, folder, tell)
        found["seconds"] = round(time.monotonic() - started, 1)
        return found


def _compare(
    request: Request,
    repository: Repository,
    base: Revision,
    head: Revision,
    found: dict[str, Any],
    profile: dict[str, Any],
    folder: Path,
    tell: Callable[[str], None],
) -> None:
    variables = VARIABLES | ({"range_limit": request.range_limit} if request.range_limit else {})
    workers: dict[str, Process] = {}
    settings = {"vars": variables, "profile": profile, "versions": installed_versions(*PROGRAMS)}
    try:
        for name, revision in (("base", base), ("head", head)):
            repository.check_out(revision, folder / name)
            workers[name] = Process(name, folder / name, profile, variables)
        keys = {
            name: folders.key_of(["read", revision.tree, settings, request.select])
            for name, revision in (("base", base), ("head", head))
        }
        tell(f"Reading {base.label} and {head.label} ...")
        with ThreadPoolExecutor(1) as beside:
            begun = beside.submit(_source, request, folder)
            sides = _read(workers, keys, folder, request)
            origin = begun.result()
        left_out = {id for side in sides.values() for id in _left_out(side, origin, bool(request.range_limit))}
        compared = Plan(sides["base"], sides["head"], request.whole, left_out)
        document.add_sql(found, compared, repository.files_that_differ(base, head))
        if compared.compared or any(compared.tests.values()):
            builder = Builder(compared, workers, origin, folder, settings, tell)
            built = builder.build()
            tell("Comparing ...")
            from entity_metrics.diff import figures

            with figures.engine_in(folder) as engine:
                figures.add_rows(found, compared, built, engine, request.with_values)
        document.conclude(found)
    except RevisionFailed as ex:
        found["failure"] = {"side": ex.side, "step": ex.step, "sentence": ex.sentence}
        document.conclude(found)
    finally:
        for process in workers.values():
            process.close()


def _source(request: Request, folder: Path) -> Source:
    """Begun beside the workers, which import dbt at that time, too."""
    from entity_metrics.diff import source

    return source.given() if request.given else source.sample(folder)


def _read(workers: dict[str, Process], keys: dict[str, str], folder: Path, request: Request) -> dict[str, Side]:
    """Parse and compile both revisions, side by side, unless an earlier run did."""
    missing = [process for name, process in workers.items() if not folders.kept(keys[name])]
    parsed = (folders.ROOT / PARTIAL_PARSE).exists()
    if parsed:
        _give_parsed(folders.ROOT, list(workers.values()))
    first, others = missing[:1], missing[1:]
    for together in [missing] if parsed else [first, others]:
        for process in together:
            process.ask("parse")
        for process in together:
            process.answer()
            made = folder / f"{process.name}-read"
            made.mkdir()
            chdb = folder / f"{process.name}-empty"
            process.ask("read", chdb=str(chdb), select=list(request.select), to=str(made / READ))
        if together is first and first:  # what base gave is nearly what head gives
            _give_parsed(first[0].folder / "target", others)
    for process in missing:
        process.answer()
        folders.keep(keys[process.name], folder / f"{process.name}-read")
    if missing:
        shutil.copyfile(missing[-1].folder / "target" / PARTIAL_PARSE, folder / PARTIAL_PARSE)
        (folder / PARTIAL_PARSE).rename(folders.ROOT / PARTIAL_PARSE)
    contents = {name: (folders.ROOT / "kept" / key / READ).read_text(encoding="utf-8") for name, key in keys.items()}
    return {name: processes.side_of(json.loads(content), bool(request.select)) for name, content in contents.items()}


def _give_parsed(parsed: Path, workers: list[Process]) -> None:
    """Let dbt begin with what was parsed in that folder: it parses anew what differs."""
    for process in workers:
        (process.folder / "target").mkdir(exist_ok=True)
        shutil.copyfile(parsed / PARTIAL_PARSE, process.folder / "target" / PARTIAL_PARSE)


def _left_out(side: Side, origin: Source, is_trial: bool) -> set[str]:
    """What cannot be built: nodes of a source that is not connected; in a trial, which publishes nothing, readers of events."""
    absent = tuple(f"source {name}." for name in origin.absent)
    found = {id for id, node in side.nodes.items() if absent and any(part.startswith(absent) for part in node.parts)}
    published = {id for id, node in side.nodes.items() if is_trial and node.materialized == "publish"}
    return side.with_descendants(found) | (side.with_descendants(published) - published)
