"""Following a package by corrective events: what of it is besides the pull, after one row in a thousand changed."""

import json
from typing import Any

from entity_metrics.benchmarks import source_events
from entity_metrics.benchmarks.models import beside_copies, dbt, elapsed
from entity_metrics.benchmarks.postgres import bare_copy_seconds, connect
from entity_metrics.benchmarks.source_events import EVENTS, PUBLISHING, STAGING
from entity_metrics.target import Target

SOURCE = source_events.SOURCE
TABLES = source_events.TABLES
REPEAT = 3
VARIABLES = {"counted_from": {"*": "source_events"}, "source_events_cutoff": None}

build = source_events.build

CHANGE = """
    update "ImageReaction" set reaction = (case reaction when 'Like' then 'Heart' else 'Like' end)::"ReviewReactions"
    where id % 2000 = {look};
    delete from "ImageReaction" where id % 4000 = {look} + 100;
    insert into "ImageReaction" (id, "imageId", "userId", reaction, "createdAt", "updatedAt")
    select (select max(id) from "ImageReaction") + row_number() over (), "imageId", "userId" + 1000000, reaction, now(), now()
    from "ImageReaction" where id % 4000 = {look} + 200
"""
"""One row in a thousand is changed, deleted or new."""


def record(target: Target, _rows: int) -> dict[str, Any]:
    """Publish all, then change the source and follow it, in turns with a COPY."""
    variables = ["--vars", json.dumps(VARIABLES)]
    dbt("run", "--select", *STAGING, EVENTS, PUBLISHING, *variables)
    rows = target.value(f"select count() from {target.database}.{EVENTS}")
    appending = ["--vars", json.dumps(VARIABLES | {"publish_strategy": "append", "max_corrections": 999_999_999})]
    runs, copies = [], [bare_copy_seconds(source_events.copy_statements(), SOURCE)]
    for look in range(REPEAT):
        with connect() as connection:
            connection.execute(CHANGE.format(look=look).encode())
        nodes = dbt("run", "--select", *STAGING, EVENTS, PUBLISHING, *appending)
        runs.append(
            {
                "pull": elapsed(nodes, *STAGING),
                "fan-out": elapsed(nodes, EVENTS),
                "appending": elapsed(nodes, PUBLISHING),
                "fan-out + appending": elapsed(nodes, EVENTS, PUBLISHING),
            }
        )
        copies.append(bare_copy_seconds(source_events.copy_statements(), SOURCE))
    seconds, ratios = beside_copies(runs, copies)
    appended = target.value(f"select countIf(strategy = 'append' and month > 0) from {target.database}.publish_log")
    if not appended:
        raise SystemExit("Nothing was appended.")
    return {"seconds": seconds, "ratio_to_copy": ratios, "repeat": REPEAT, "made": {"events": rows}}
