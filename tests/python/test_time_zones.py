"""Times are UTC, wherever the target and this machine are."""

from clickhouse_server import ServerProject
from harness import EVENTS, Project

TIMEZONE = "Asia/Tokyo"
RUN_BOUNTY = ["run", "--target", "server", "--select", "+bounty_metrics"]


def without_session_timezone(project: Project) -> None:
    profiles = project.folder / "profiles.yml"
    lines = profiles.read_text().splitlines(keepends=True)
    profiles.write_text("".join(line for line in lines if "session_timezone" not in line and "custom_settings" not in line))


def test_a_server_in_another_zone(served: ServerProject) -> None:
    """With the profile as it is, times are the same as everywhere; without its session_timezone every command refuses to run."""
    served.connect("--target", "server")
    served.dbt(*RUN_BOUNTY)
    assert served.bounty_slice() == served.bounty_source() != []
    assert served.rows(f"select distinct toUnixTimestamp(createdAt) from {EVENTS}") == [(1737417600,)]  # 2025-01-21 in UTC
    before = served.rows("select database, name, metadata_modification_time from system.tables order by all")

    without_session_timezone(served)
    sentence = (
        "The session on the target server is in the time zone Asia/Tokyo, in which every time would be shifted:"
        " give the output server in profiles.yml `session_timezone: UTC` under custom_settings."
    )
    for ran in (
        served.dbt(*RUN_BOUNTY, ok=False),
        served.backfill("--target", "server", "--table", "BountyMetric", ok=False),
    ):
        assert sentence in ran.output and "Traceback" not in ran.output
    assert served.rows("select database, name, metadata_modification_time from system.tables order by all") == before


def test_a_machine_in_another_zone(connected: Project) -> None:
    """The same for the engine in process: its zone is this machine's."""
    connected.dbt("run", "--select", "+bounty_metrics", TZ=TIMEZONE)
    assert connected.rows(f"select distinct toUnixTimestamp(createdAt) from {EVENTS}") == [(1737417600,)]
    profiles = connected.folder / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("session_timezone: UTC", "max_threads: 1"))
    refused = connected.dbt("test", "--select", "bounty_metrics", ok=False, TZ=TIMEZONE)
    assert "The session on the target embedded is in the time zone Asia/Tokyo" in refused.output
