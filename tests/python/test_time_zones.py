"""Times are UTC, wherever this machine is. (For a server elsewhere see test_server.py.)"""

import subprocess

from clickhouse_server import without_session_timezone
from harness import BIN, EVENTS, Project


def dbt_in_tokyo(project: Project, *arguments: str) -> subprocess.CompletedProcess:
    """dbt in a process that has begun there: the engine reads the zone when it is loaded."""
    project.release()
    environment = project.environment | {"TZ": "Asia/Tokyo"}
    return subprocess.run([BIN / "dbt", *arguments], cwd=project.folder, env=environment, capture_output=True, text=True)


def test_a_machine_in_another_zone(connected: Project) -> None:
    """With the profile as it is, times are the same as everywhere; without its session_timezone every command refuses to run."""
    ran = dbt_in_tokyo(connected, "run", "--select", "+bounty_metrics")
    assert ran.returncode == 0, ran.stdout
    assert connected.rows(f"select distinct toUnixTimestamp(createdAt) from {EVENTS}") == [(1737417600,)]  # 2025-01-21 in UTC
    without_session_timezone(connected)
    refused = dbt_in_tokyo(connected, "test", "--select", "bounty_metrics")
    assert refused.returncode != 0
    assert "The session on the target embedded is in the time zone Asia/Tokyo" in refused.stdout
