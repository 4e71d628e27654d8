"""Times are UTC, wherever this machine is. (For a server elsewhere see test_server.py.)"""

from clickhouse_server import without_session_timezone
from harness import EVENTS, Project


def test_a_machine_in_another_zone(connected: Project) -> None:
    """With the profile as it is, times are the same as everywhere; without its session_timezone every command refuses to run."""
    connected.dbt("run", "--select", "+bounty_metrics", TZ="Asia/Tokyo")
    assert connected.rows(f"select distinct toUnixTimestamp(createdAt) from {EVENTS}") == [(1737417600,)]  # 2025-01-21 in UTC
    without_session_timezone(connected)
    refused = connected.dbt("test", "--select", "bounty_metrics", ok=False, TZ="Asia/Tokyo")
    assert "The session on the target embedded is in the time zone Asia/Tokyo" in refused.output
