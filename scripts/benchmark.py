"""Time a job against a bare COPY: the same as `entity-metrics benchmark`."""

from entity_metrics.cli import run

if __name__ == "__main__":
    run("benchmark")
