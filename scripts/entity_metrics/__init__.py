"""The command line `entity-metrics`, and what its verbs share."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The dbt project's folder."""
