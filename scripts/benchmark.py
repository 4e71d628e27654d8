"""Time a job against a bare COPY of what it pulls."""

import os

from entity_metrics import PROJECT
from entity_metrics.benchmarks.command import main

if __name__ == "__main__":
    os.chdir(PROJECT)
    main()
