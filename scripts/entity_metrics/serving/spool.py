"""Events on disk until they are in ClickHouse: a folder of segments, one of which is being written."""

import contextlib
import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from entity_metrics.errors import EntityMetricsError
from entity_metrics.serving.store import new_mark

OPEN, CLOSED, INSERTED = ".open", ".closed", ".inserted"
"""What the name of a segment ends with: it is being written; it waits; it is in ClickHouse, and the cache does not know yet."""


@dataclass(frozen=True)
class Segment:
    """A file of events, one JSON object a line. name: unique, and the deduplication token of its insert."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def is_inserted(self) -> bool:
        return self.path.suffix == INSERTED

    def lines(self) -> bytes:
        """Whole lines: a process that was killed may have left the beginning of one, which nobody was told to be recorded."""
        data = self.path.read_bytes()
        return data[: data.rfind(b"\n") + 1]

    def rewrite(self, lines: bytes) -> None:
        """Replace its events, in one step."""
        fresh = self.path.with_suffix(".fresh")
        fresh.write_bytes(lines)
        fresh.replace(self.path)

    def inserted(self) -> "Segment":
        """Remember that its events are in ClickHouse. Returns the segment under its new name."""
        return Segment(self.path.rename(self.path.with_suffix(INSERTED)))

    def remove(self) -> None:
        self.path.unlink()


class Spool:
    """The segments of one recorder, and those that recorders left which are gone. Not for several threads at once."""

    def __init__(self, folder: Path) -> None:
        """folder: shared by the recorders of a machine, each of which makes one in it.

        Raises EntityMetricsError if it cannot be written.
        """
        name = f"{time.time_ns():x}-{os.getpid()}-{new_mark()[:6]}"
        self.own, hidden = folder / name, folder / f".{name}"
        try:
            hidden.mkdir(mode=0o700, parents=True)
            _, lock = _locked(hidden)
            hidden.rename(self.own)  # others see it only now that it is locked
        except OSError as ex:
            raise EntityMetricsError(
                f"The folder {folder}, where events wait for ClickHouse, cannot be written: name another."
            ) from ex
        self._locks = [(self.own, lock)]
        self._count = 0
        self._file = None

    def append(self, line: bytes) -> None:
        """Write an event. It outlives this process when this returns."""
        if self._file is None:
            self._count += 1
            path = self.own / f"{self.own.name}-{self._count:08d}{OPEN}"
            self._file = path.open("ab", buffering=0)
        self._file.write(line)

    def close_segment(self) -> None:
        """End the segment that is being written, if it has events."""
        if self._file is not None:
            self._file.close()
            path = Path(self._file.name)
            path.rename(path.with_suffix(CLOSED))
            self._file = None

    def adopt(self) -> None:
        """Take over the folders of recorders that are gone, in which there is anything, and remove the empty ones."""
        for folder in sorted(self.own.parent.iterdir()):
            if folder.name.startswith(".") or not folder.is_dir() or any(lock[0] == folder for lock in self._locks):
                continue
            with contextlib.suppress(OSError):  # it is another recorder's, or somebody was quicker
                lock = _locked(folder)
                for path in folder.glob("*" + OPEN):
                    path.rename(path.with_suffix(CLOSED))
                self._locks.append(lock)

    def waiting(self) -> list[Segment]:
        """The closed segments, the oldest first."""
        return sorted(
            (Segment(path) for folder, _ in self._locks for end in (CLOSED, INSERTED) for path in folder.glob("*" + end)),
            key=lambda segment: segment.name,
        )

    def close(self) -> None:
        """Let go of the folders; those that are empty go."""
        self.close_segment()
        for folder, lock in self._locks:
            if not any(path.suffix in (CLOSED, INSERTED) for path in folder.iterdir()):
                with contextlib.suppress(OSError):
                    (folder / "lock").unlink()
                    folder.rmdir()
            os.close(lock)
        self._locks = []


def _locked(folder: Path) -> tuple[Path, int]:
    """A lock that ends with this process. Raises OSError if another process has it."""
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return folder, lock
