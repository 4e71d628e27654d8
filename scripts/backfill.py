"""Backfill legacy metric tables into the event table, with progress, retries and a reconciled summary."""

import os
import signal

from entity_metrics import PROJECT
from entity_metrics.backfill import main

if __name__ == "__main__":
    # A closed pipe (`| head`) ends the run at once; dbt would swallow the error and wait for ever.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.chdir(PROJECT)
    main()
