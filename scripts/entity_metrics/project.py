"""What the scripts need to know of the dbt project."""

import functools
from typing import Any

import yaml

from entity_metrics import PROJECT


@functools.cache
def _project() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text())


def project_var(name: str) -> Any:
    """The default of a dbt var, from dbt_project.yml. Raises KeyError for one that is not declared there."""
    return _project()["vars"][name]


def quiet_dbt_arguments(target: str | None) -> list[str]:
    """dbt options for a run whose output another program shows: nothing on the console, everything in logs/dbt.log."""
    return ["--log-level", "none", "--log-level-file", "debug", *(["--target", target] if target else [])]
