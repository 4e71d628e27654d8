"""Connect a Postgres source to the ClickHouse target: the same as `entity-metrics connect`."""

from entity_metrics.cli import run

if __name__ == "__main__":
    run("connect")
