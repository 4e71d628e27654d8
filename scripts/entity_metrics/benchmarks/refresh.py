"""Refreshing the totals: all of them, after a month changed, and when nothing did. `rows` are those of the event table."""

from typing import Any

from entity_metrics.benchmarks.models import EVENT_TABLE, create_event_table, dbt, elapsed
from entity_metrics.target import Target

SOURCE = None
TABLES = "events of 25 months"
REPEAT = 3
MONTHS = 25
TOUCHED = 10_000


def build(rows: int) -> int:
    """Nothing in Postgres."""
    return rows


def fill(target: Target, rows: int) -> None:
    """An event table with so many rows over 25 months; seven totals of ten have one event."""
    table = create_event_table(target)
    for month in range(MONTHS):
        target.command(
            f"insert into {table}"
            " select ['Image', 'Post', 'Model', 'ModelVersion'][1 + (h % 10 > 5) + (h % 7 > 4) + (h % 3 > 1)] as entityType,"
            f" toInt32(1 + h % {max(rows // 6, 1)}), toInt32(h % 1000003),"
            " if(entityType = 'Image' and h % 2, ['ReactionLike', 'ReactionHeart', 'ReactionCry', 'Comment', 'viewCount'],"
            " ['Like', 'Heart', 'commentCount', 'tippedCount', 'tippedAmount'])[1 + intDiv(h, 1009) % 5], 1,"
            f" toDateTime(addMonths(toDate('2023-01-01'), {month})) + intDiv(h, 13) % (28 * 86400), 2"
            f" from (select sipHash64(number + {month} * 1000000000) as h from numbers({max(rows // MONTHS, 1)}))"
        )


def record(target: Target, rows: int) -> dict[str, Any]:
    """Build the totals, then change a month and refresh, then refresh again, three times."""
    fill(target, rows)
    dbt("run", "--select", "event_table")
    seconds = {"first build": elapsed(dbt("build", "--select", "totals"))}
    table = f"{target.database}.{EVENT_TABLE}"
    changed, unchanged = [], []
    for _ in range(REPEAT):
        target.command(
            f"insert into {table} select * replace (2 as metricValue) from {table}"
            f" where _partition_id = '202412' limit 1 by entityId limit {TOUCHED}"
        )
        changed.append(elapsed(dbt("build", "--select", "totals")))
        unchanged.append(elapsed(dbt("build", "--select", "totals")))
    touched = target.value(f"select entities from {target.database}.refresh_log order by refreshed_at desc limit 1")
    seconds |= {"one month changed": sorted(changed)[REPEAT // 2], "nothing changed": sorted(unchanged)[REPEAT // 2]}
    totals = target.value(f"select count() from {target.database}.metric_totals")
    return {"seconds": seconds, "repeat": REPEAT, "made": {"totals": totals, "touched entities": touched}}
