"""Following a package by corrective events: what of it is besides the pull, after one row in a thousand changed."""

import json
from typing import Any

from entity_metrics.benchmarks import source_events
from entity_metrics.benchmarks.models import beside_copies, dbt, elapsed
from entity_metrics.benchmarks.postgres import bare_copy_seconds, connect, copy_statement, fill_table
from entity_metrics.target import Target

SOURCE = source_events.SOURCE
TABLES = "ArticleReaction with Article, and ImageReaction with Image"
REPEAT = 3
VARIABLES = {"counted_from": {"*": "source_events"}, "source_events_cutoff": None}
FOLLOWED = {"ArticleReaction": "Article", "ImageReaction": "Image"}
"""Tables, and those that they are joined to. A reaction to an article is one event, one to an image with a post is three."""

CHANGE = """
    update "{table}" set reaction = (case reaction when 'Like' then 'Heart' else 'Like' end)::"ReviewReactions"
    where id % 2000 = {look};
    delete from "{table}" where id % 4000 = {look} + 100;
    insert into "{table}" (id, "{entity_id}", "userId", reaction, "createdAt", "updatedAt")
    select (select max(id) from "{table}") + row_number() over (), "{entity_id}", "userId" + 1000000, reaction, now(), now()
    from "{table}" where id % 4000 = {look} + 200
"""
"""One row in a thousand is changed, deleted or new."""


def build(rows: int) -> int:
    """Fill the four tables."""
    source_events.build(rows)
    return fill_table("ArticleReaction", rows, "article_reaction_of_size.sql", 'vacuum analyze "ArticleReaction", "Article"')


def record(target: Target, _rows: int) -> dict[str, Any]:
    """Publish all of a package, then change its source and follow it, in turns with a COPY; so for each package."""
    seconds, ratios, made = {}, {}, {}
    for table, parent in FOLLOWED.items():
        of_package = follow(target, table, parent)
        for found, part in zip((seconds, ratios, made), of_package, strict=True):
            found |= {f"{table}, {step}": value for step, value in part.items()}
    return {"seconds": seconds, "ratio_to_copy": ratios, "repeat": REPEAT, "made": made}


def follow(target: Target, table: str, parent: str) -> tuple[dict[str, float], dict[str, float], dict[str, int]]:
    """Seconds of each step, their ratios to the COPY, and how many events there are."""
    publishing = f"{parent}_reaction".lower()
    staging, events = [f"stg_{publishing}", f"stg_{parent.lower()}"], f"{publishing}_events"
    copied = [copy_statement(name) for name in (table, parent)]
    dbt("run", "--select", *staging, events, publishing, "--vars", json.dumps(VARIABLES))
    made = {"events": target.value(f"select count() from {target.database}.{events}")}
    appending = json.dumps(VARIABLES | {"publish_strategy": "append", "max_corrections": 999_999_999})
    runs, copies = [], [bare_copy_seconds(copied, SOURCE)]
    for look in range(REPEAT):
        with connect() as connection:
            connection.execute(CHANGE.format(table=table, entity_id=f"{parent.lower()}Id", look=look).encode())
        nodes = dbt("run", "--select", *staging, events, publishing, "--vars", appending)
        runs.append(
            {
                "pull": elapsed(nodes, *staging),
                "fan-out": elapsed(nodes, events),
                "appending": elapsed(nodes, publishing),
                "fan-out + appending": elapsed(nodes, events, publishing),
            }
        )
        copies.append(bare_copy_seconds(copied, SOURCE))
    log = f"{target.database}.publish_log"
    appended = target.value(f"select countIf(strategy = 'append' and month > 0 and model = '{publishing}') from {log}")
    if not appended:
        raise SystemExit("Nothing was appended.")
    return *beside_copies(runs, copies), made
