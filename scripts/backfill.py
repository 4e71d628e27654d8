"""Run a job, with progress, retries and a reconciled summary."""

import os

from entity_metrics import PROJECT
from entity_metrics.backfill import main

if __name__ == "__main__":
    os.chdir(PROJECT)
    main()
