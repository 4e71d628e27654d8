"""Where differences are made: a folder for each run, and what later runs can use again, by what it was made of.

What is kept is made in a run's own folder and moved into place when it is whole: a run that is killed leaves nothing that another
takes for finished, and two at once never write into the same folder.
"""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from entity_metrics import PROJECT, embedded_postgres

ROOT = PROJECT / ".diff"

ENGINES = "engines"

MEMORY = Path("/dev/shm")

ROOM = 2_000_000_000
"""Bytes that must be free there; a run takes a tenth of it on the sample site."""

KEPT = 24
"""So many of what is kept stay; those that were not used for the longest time go."""


def key_of(content: Any) -> str:
    """The name of what is made of this, by this code: what another version kept is none of it."""
    return hashlib.sha256(json.dumps([_code(), content], sort_keys=True, default=str).encode()).hexdigest()[:24]


@functools.cache
def _code() -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.glob("*.py"))]


@contextlib.contextmanager
def run_folder() -> Iterator[Path]:
    """A folder of this run, which is gone at the end of the block; those of runs that were killed go first."""
    ROOT.mkdir(exist_ok=True)
    (ROOT / ".gitignore").write_text("*\n")
    with contextlib.ExitStack() as held:
        with (ROOT / "lock").open("w") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            for left in ROOT.glob("run-*"):
                _remove_if_left(left)
            folder = Path(tempfile.mkdtemp(prefix="run-", dir=ROOT))
            fcntl.flock(held.enter_context((folder / "lock").open("w")), fcntl.LOCK_EX)
        folder.chmod(0o755)  # PostgreSQL has a user of its own where root runs this
        try:
            yield folder
        finally:
            _remove(folder)


def _remove_if_left(folder: Path) -> None:
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the lock of a process goes with it
            _remove(folder)
    except OSError:  # it runs, or another removes it
        return


def _remove(folder: Path) -> None:
    embedded_postgres.stop(folder / "postgres")
    if (folder / ENGINES).is_symlink():
        shutil.rmtree((folder / ENGINES).readlink(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def engines_in(run: Path) -> Path:
    """Where a run has its chDB folders: in memory if there is room, since they are thousands of files; else in its folder."""
    folder = run / ENGINES
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        folder.symlink_to(tempfile.mkdtemp(prefix="entity-metrics-diff-", dir=MEMORY))
        return folder.readlink()
    folder.mkdir()
    return folder


def kept(key: str) -> Path | None:
    """The folder that is kept under that key; None if there is none."""
    folder = ROOT / "kept" / key
    if not folder.exists():
        return None
    os.utime(folder)
    return folder


def keep(key: str, made: Path) -> Path:
    """Keep a folder of this run under that key, and return its place. One that is there already stays."""
    place = ROOT / "kept" / key
    place.parent.mkdir(exist_ok=True)
    with contextlib.suppress(OSError):  # another run was first
        made.rename(place)
    _forget_the_oldest()
    return place


def _forget_the_oldest() -> None:
    """A run that reads one of them goes on: it copied, or read, within the time in which so many others were made."""
    folders = sorted((ROOT / "kept").iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEPT:]:
        gone = ROOT / f"run-{folder.name}"
        with contextlib.suppress(OSError):
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)


def copy_of_chdb(chdb: Path, copy: Path) -> None:
    """Copy a chDB folder. Files of data parts, which nobody changes once they are written, are linked: there are thousands."""
    for name, folders, files in os.walk(chdb):
        inside = Path(name).relative_to(chdb)
        is_part = inside.parts[:1] == ("store",) and len(inside.parts) > 3  # store/abc/<table>/<part>
        (copy / inside).mkdir(mode=0o700)
        for link in (Path(name, folder) for folder in folders):
            if link.is_symlink():
                (copy / inside / link.name).symlink_to(link.readlink())
        for file in files:
            copied = os.link if is_part else shutil.copy2
            copied(Path(name, file), copy / inside / file)
