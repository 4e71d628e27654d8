"""What the command-line scripts share."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The dbt project's folder."""
