"""The jobs that the command line runs."""

import re

METRIC_TABLES = (
    "BountyMetric",
    "BountyEntryMetric",
    "CollectionMetric",
    "TagMetric",
    "ArticleMetric",
    "UserMetric",
    "PostMetric",
    "ModelMetric",
    "ModelVersionMetric",
    "ImageMetric",
)
"""The legacy metric tables in the recommended order: smallest first, largest last."""


def job_of(table: str) -> str:
    """The dbt folder and event model of a legacy table: `BountyEntryMetric` gives `bounty_entry_metrics`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", table).lower() + "s"
