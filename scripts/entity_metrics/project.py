"""What the commands need to know of the dbt project."""

import contextlib
import functools
import importlib.metadata
from pathlib import Path
from typing import Any

import yaml

from entity_metrics import PROJECT
from entity_metrics.errors import EntityMetricsError


def read_yaml(file: Path) -> Any:
    """What a YAML file says, read in C where PyYAML was built with it: that takes a tenth of the time.

    Raises OSError for a file that cannot be read, yaml.YAMLError for one that is no YAML.
    """
    return yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@functools.cache
def _vars() -> dict[str, Any]:
    file = PROJECT / "dbt_project.yml"
    try:
        declared = read_yaml(file)
    except OSError as ex:
        raise EntityMetricsError(f"{file} cannot be read: run this in a checkout of the project.") from ex
    except yaml.YAMLError as ex:
        raise EntityMetricsError(f"{file} is no YAML: {' '.join(str(ex).split())}") from ex
    if not isinstance(declared, dict) or not isinstance(declared.get("vars"), dict):
        raise EntityMetricsError(f"{file} declares no vars: take the part `vars:` from a fresh checkout.")
    return declared["vars"]


def project_var(name: str) -> Any:
    """The default of a dbt var, from dbt_project.yml. Raises EntityMetricsError for one that is not declared there."""
    if name not in _vars():
        raise EntityMetricsError(f"dbt_project.yml declares no var {name}: take it from a fresh checkout.")
    return _vars()[name]


def project_vars() -> dict[str, Any]:
    """All vars with their defaults, as dbt_project.yml declares them. None of them is a secret."""
    return dict(_vars())


def installed_versions(*names: str) -> dict[str, str]:
    """The version of each of these distributions that is installed."""
    found = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def quiet_dbt_arguments(target: str | None) -> list[str]:
    """dbt options for a run whose output another program shows: nothing on the console, everything in logs/dbt.log."""
    return ["--log-level", "none", "--log-level-file", "debug", *(["--target", target] if target else [])]
