"""Time the ImageMetric job against a bare COPY of the same columns."""

import os

from entity_metrics import PROJECT
from entity_metrics.benchmark import main

if __name__ == "__main__":
    os.chdir(PROJECT)
    main()
