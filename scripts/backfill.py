"""Run a job, with progress, retries and a summary: the same as `entity-metrics backfill`."""

from entity_metrics.cli import run

if __name__ == "__main__":
    run("backfill")
