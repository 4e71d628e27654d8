"""A folder for a server's socket, where the server's own folder has a path that it cannot have."""

import hashlib
import os
import tempfile
from pathlib import Path


def plain_folder(folder: Path, server: str) -> Path:
    """This user's own among the temporary files, the same each time. folder: of the server; server: its name, for the sentence.

    Raises OSError if the folder is another user's.
    """
    plain = Path(tempfile.gettempdir()) / f"entity-metrics-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    plain.mkdir(mode=0o700, exist_ok=True)
    if plain.is_symlink() or plain.stat().st_uid != os.getuid():
        raise OSError(f"The folder {plain}, for {server}'s socket, is another user's: remove it, or set TMPDIR.")
    return plain
