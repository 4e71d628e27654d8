"""The ten metric tables' job, by the largest of them."""

from typing import Any

from entity_metrics.benchmarks.models import EVENT_TABLE, run_and_publish
from entity_metrics.benchmarks.postgres import copy_statement, fill_table
from entity_metrics.target import Target

SOURCE = "postgres"
TABLES = "ImageMetric"
TESTS = ["drift_image_metrics", "matches_registry_image_metrics", "reconcile_image_metrics"]
TESTS += ["published_image_metrics"]
MADE = {"events": ["image_metric_events"]}

_OTHER_ROWS = """
    insert into {table} (entityType, entityId, userId, metricType, metricValue, createdAt, version)
    select
        ['Image', 'Post', 'Model', 'User'][1 + number % 4],
        number % 20000000,
        number % 1000003,
        ['ReactionLike', 'Comment', 'viewCount', 'tippedAmount'][1 + number % 3],
        1,
        toDateTime('2024-09-01 00:00:00') + intDiv(number, 4),
        2
    from numbers({rows})
"""


def build(rows: int) -> int:
    """Fill ImageMetric. The other tables have a few rows."""
    return fill_table("ImageMetric", rows, "image_metric_of_size.sql", 'vacuum "ImageMetric"')


def copy_statements() -> list[str]:
    return [copy_statement("ImageMetric", "where timeframe = 'AllTime'")]


def run_models() -> dict[str, float]:
    return run_and_publish(["stg_image_metrics"], "image_metric_events", "image_metrics", "unpivoting")


def publish_beside(target: Target, other_rows: int) -> dict[str, Any]:
    """Publish into an empty event table, beside `other_rows` rows of other slices, and once more, the slice being unchanged."""
    table = f"{target.database}.{EVENT_TABLE}"
    run_models()
    seconds = []
    for fill in (False, True):
        target.command(f"truncate table {table}")
        if fill:
            target.command(_OTHER_ROWS.format(table=table, rows=other_rows))
        seconds.append(run_and_publish([], "image_metric_events", "image_metrics", "unpivoting")["publishing"])
    again = run_and_publish([], "image_metric_events", "image_metrics", "unpivoting")["publishing"]
    return {
        "other_rows": other_rows,
        "seconds": seconds[1],
        "seconds_into_empty": seconds[0],
        "ratio_to_empty": seconds[1] / seconds[0],
        "seconds_unchanged": again,
    }
