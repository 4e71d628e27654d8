"""The source packages' job, by the package with the most rows: reactions to images, joined to the images."""

from entity_metrics.benchmarks.models import run_and_publish
from entity_metrics.benchmarks.postgres import copy_statement, fill_table

SOURCE = "postgres"
TABLES = "ImageReaction with Image"
STAGING = ["stg_image_reaction", "stg_image"]
EVENTS, PUBLISHING = "image_reaction_events", "image_reaction"
TESTS = ["matches_registry_image_reaction", "reconcile_image_reaction", "published_image_reaction"]
MADE = {"events": [EVENTS]}


def build(rows: int) -> int:
    """Fill ImageReaction and Image. The other tables have a few rows."""
    return fill_table("ImageReaction", rows, "image_reaction_of_size.sql", 'vacuum analyze "ImageReaction", "Image"')


def copy_statements() -> list[str]:
    return [copy_statement("ImageReaction"), copy_statement("Image")]


def run_models() -> dict[str, float]:
    return run_and_publish(STAGING, EVENTS, PUBLISHING, "fan-out")
