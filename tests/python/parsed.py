"""What dbt parsed, and Jinja compiled, kept for all copies of the project: it takes longer than what most commands do."""

import hashlib
import marshal
import os
import re
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbt.config import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt.parser import manifest
from dbt.parser.manifest import ManifestLoader, extended_mashumuro_decoder
from dbt.parser.read_files import ReadFilesFromFileSystem
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.invocation import get_invocation_id
from dbt_common.tests import enable_test_caching

FOR_PARSING = r"dry_run|range_limit|publish_strategy|_database|_collection|trial_id|dictionary_"
"""The vars that say something of what files are parsed into. All others are for the SQL, which is made when a node runs."""

WANTED = "wanted"
"""The folder with a file for each manifest that was read."""

_loaded: dict[Path, Manifest] = {}
_compiled: dict[str, Any] = {}
_read = ManifestLoader.read_manifest_for_partial_parse
_write = ManifestLoader.write_manifest_for_partial_parse
_read_files = ReadFilesFromFileSystem.read_files
_check = ManifestLoader.build_manifest_state_check
_check_uniqueness = manifest._check_resource_uniqueness
_compile = MacroFuzzEnvironment.compile


def keep(folder: Path, unchanged: bool) -> None:
    """Have dbt begin with what was parsed before for the same target, profile, vars and dbt_project.yml, from `folder`.

    unchanged: whether the files of this copy are as in the repository. Then what dbt parses is kept for others, and what is kept
    is not compared with the files. In other copies dbt finds out which files differ from those that were parsed, and parses them.
    """
    as_kept = False

    def state(loader: ManifestLoader) -> str:
        name = hashlib.sha256(repr(loader.manifest.state_check).encode()).hexdigest()[:16] + ".msgpack"
        manifest.PARTIAL_PARSE_FILE_NAME = name
        return name

    def read(loader: ManifestLoader) -> object:
        nonlocal as_kept
        name = state(loader)
        there = Path(loader.root_project.project_target_path, name)
        is_kept = (folder / name).exists()
        as_kept = unchanged and is_kept
        if is_kept and (unchanged or not there.exists()):
            if not there.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / name, there)
            if folder / name in _loaded:
                return _as_read(_loaded.pop(folder / name), loader)
            (folder / WANTED).mkdir(exist_ok=True)
            (folder / WANTED / name).touch()
        return _read(loader)

    def read_files(reader: ReadFilesFromFileSystem) -> None:
        if as_kept and reader.saved_files:
            reader.files = reader.saved_files
        else:
            _read_files(reader)

    def check_uniqueness(*arguments: Any) -> None:
        if not as_kept:
            _check_uniqueness(*arguments)

    def write(loader: ManifestLoader) -> None:
        _write(loader)
        if unchanged:
            name = manifest.PARTIAL_PARSE_FILE_NAME
            _put(folder / name, Path(loader.root_project.project_target_path, name).read_bytes())

    def compiled(environment: MacroFuzzEnvironment, source: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(source, str) or arguments or options:
            return _compile(environment, source, *arguments, **options)
        key = f"{type(environment).__name__} {source}"
        if key not in _compiled:
            file = folder / hashlib.sha256(key.encode()).hexdigest()[:32]
            if not file.exists():
                _put(file, marshal.dumps(_compile(environment, source)))
            _compiled[key] = marshal.loads(file.read_bytes())
        return _compiled[key]

    MacroFuzzEnvironment.compile = compiled
    ManifestLoader.read_manifest_for_partial_parse = read
    ManifestLoader.write_manifest_for_partial_parse = write
    ReadFilesFromFileSystem.read_files = read_files
    manifest._check_resource_uniqueness = check_uniqueness
    ManifestLoader.build_manifest_state_check = _state_check
    enable_test_caching()


def load(folder: Path) -> None:
    """Read what is kept in `folder` and was read before, for the processes that this one forks."""
    for wanted in (folder / WANTED).glob("*"):
        file = folder / wanted.name
        if file not in _loaded:
            _loaded[file] = Manifest.from_msgpack(file.read_bytes(), decoder=extended_mashumuro_decoder)


def _as_read(manifest: Manifest, loader: ManifestLoader) -> Manifest | None:
    """As dbt has a manifest that it has just read from its file."""
    manifest.metadata.generated_at = datetime.now(UTC).replace(tzinfo=None)
    manifest.metadata.invocation_id = get_invocation_id()
    return manifest if loader.is_partial_parsable(manifest)[0] else None


def _put(file: Path, content: bytes) -> None:
    """Write a file that others may read meanwhile."""
    unfinished = file.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    unfinished.write_bytes(content)
    unfinished.rename(file)


def _state_check(loader: ManifestLoader) -> object:
    config: RuntimeConfig = loader.root_project
    given = config.cli_vars
    config.cli_vars = {name: value for name, value in given.items() if re.search(FOR_PARSING, name)}
    try:
        return _check(loader)
    finally:
        config.cli_vars = given
