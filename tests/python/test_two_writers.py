"""Two commands at once against one server: one writes, the other is told so, and nothing is there twice."""

import re
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from clickhouse_server import ServerProject
from harness import BIN, EVENTS

MOMENTS = {
    "publishing": ("publish/publish.sql", "    {% for sql in publishing_statements(", "stg_bounty_metrics bounty_metric_events"),
    "pulling": ("pull/pull.sql", "    {% for step in steps %}", ""),
}
"""Where a moment is made long: the macro, the line before which it is put, and what is built beforehand."""

WAITING = """    {% for _ in range(12) %}
        {% do run_query("select sleepEachRow(0.5) from system.databases where name = 'the_other_goes_on'") %}
    {% endfor %}
"""


@pytest.mark.parametrize("moment", MOMENTS)
def test_two_at_once(served: ServerProject, moment: str) -> None:
    """Both have seen an empty target and are about to write: without a lease everything was there twice, and both were green."""
    path, line, built_before = MOMENTS[moment]
    macro = served.folder / "macros" / path
    assert line in macro.read_text()
    macro.write_text(macro.read_text().replace(line, WAITING + line))
    served.connect("--target", "server")
    served.create_event_table()
    served.add_live_events()
    others = served.outside()
    if built_before:
        served.dbt("run", "--target", "server", "--select", *built_before.split())
    # The name is the folder's, too: without what is built beforehand, the publish node is left.
    excluded = ("--exclude", *built_before.split()) if built_before else ()
    command = (str(BIN / "dbt"), "run", "--target", "server", "--select", "bounty_metrics", *excluded)
    served.rows("create database the_other_goes_on")
    both = [served.start_beside(*command) for _ in range(2)]
    with ThreadPoolExecutor() as threads:
        reading = [threads.submit(process.lines.read) for process in both]
        wait(reading, return_when=FIRST_COMPLETED)
        served.rows("drop database the_other_goes_on")
    said = [each.result() for each in reading]
    assert sorted(process.wait() for process in both) == [0, 1], said
    refused = next(text for process, text in zip(both, said, strict=True) if process.code)
    node = "bounty_metrics" if moment == "publishing" else "stg_bounty_metrics"
    assert re.search(rf"Another run is writing {node}: invocation [0-9a-f-]+ on .+, since [0-9: -]+ UTC", refused), refused
    assert served.bounty_slice() == served.bounty_source() != []
    assert served.outside() == others
    assert served.rows("select name from system.tables where match(name, '^lease__|__pull$|__slice$')") == []
    served.dbt(*command[1:])
    assert served.bounty_slice() == served.bounty_source()


def test_two_jobs_at_once(served: ServerProject) -> None:
    """What does not write the same goes side by side."""
    served.connect("--target", "server")
    tables = ("bounty_metrics", "tag_metrics")
    both = [served.start_beside(str(BIN / "dbt"), "run", "--target", "server", "--select", f"+{table}") for table in tables]
    said = [process.lines.read() for process in both]
    assert [process.wait() for process in both] == [0, 0], said
    assert served.bounty_slice() == served.bounty_source()
    assert (
        served.value(f"select sum(metricValue) from {EVENTS} where entityType = 'Tag' and metricType = 'postCount'")
        == (served.postgres("""select sum("postCount") from "TagMetric" where timeframe = 'AllTime'""")[0][0])
    )
