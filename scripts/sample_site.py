"""Start, fill or stop the sample site: the same as `entity-metrics sample`."""

from entity_metrics.cli import run

if __name__ == "__main__":
    run("sample")
