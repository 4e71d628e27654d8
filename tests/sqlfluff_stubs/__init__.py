"""What sqlfluff needs to render models and tests without a database: dbt's context, and the macros that ask it or the graph.

The macros that only make SQL are rendered from macros/, see load_macros_from_path.
"""

from pathlib import Path
from types import SimpleNamespace

import yaml

execute = True

target = SimpleNamespace(schema="entity_metrics")

_VARS = yaml.safe_load((Path(__file__).resolve().parents[2] / "dbt_project.yml").read_text())["vars"]


def config(**_kwargs: object) -> str:
    return ""


config.get = lambda _name, default="": default


def var(name: str) -> object:
    return _VARS[name]


def is_trial() -> bool:
    return False


def backfill_date() -> str:
    return str(var("backfill_date"))


def utc_time(_name: str) -> str:
    return "2024-08-07 15:44:39.044"


def text_source(_source: str, table: str) -> str:
    return f"{table}__text"


def event_relation() -> str:
    return "events"


def user_quantities() -> dict[str, tuple[list[str], str]]:
    return {"followerCount": (["User"], "followerCount"), "modelCount": (["Model"], "Upload")}


def user_columns_together() -> dict[str, list[str]]:
    return {"uploadCount": ["modelCount", "modelCount"]}


def is_of(_column: str) -> str:
    return "quantity = 'followerCount' and entity_type in ('User')"


def owned_types() -> str:
    return "'Model', 'Post'"


def touched_users() -> str:
    return "touched_users"


def totals_until() -> str:
    return "select max(counted_at) from counted_entities"


def users_before() -> str:
    return "counted_users"


def user_number(_column: str) -> str:
    return "numbers[1]"


class _Relations:
    def create(self, **parts: str) -> str:
        return ".".join(str(part) for part in parts.values())


api = SimpleNamespace(Relation=_Relations())


def model_node(_relation: object) -> SimpleNamespace:
    metrics = {"commentCount": "commentCount", "unitAmountCount": "unitAmount"}
    events = {"label": "BountyMetric", "job": "metric_tables", "metrics": {"Bounty": list(metrics.values())}}
    meta = SimpleNamespace(legacy_table="BountyMetric", entity_id="bountyId", metrics=metrics, events=SimpleNamespace(**events))
    depends_on = SimpleNamespace(nodes=[])
    return SimpleNamespace(name="bounty_metric_events", config=SimpleNamespace(meta=meta), depends_on=depends_on)


def snapshot_columns(_node: object) -> list[str]:
    return ["commentCount", "unitAmountCount"]


graph = SimpleNamespace(nodes={})


def is_incremental() -> bool:
    return True


def last_strategy(_name: str) -> str:
    return "replace"


def touched_entities() -> str:
    return "touched_entities"


def months_to_build() -> list[dict[str, int]]:
    return [{"month": 202501, "fingerprint": 1}]


def months_to_count() -> list[int]:
    return [202501]


def only_if_changed(_months: list[object]) -> str:
    return ""


def registered_quantities() -> list[str]:
    return ["commentCount", "unitAmount"]


def legacy_metric_table(**_arguments: object) -> str:
    return "select 1 as id"


def unknown(_type: str) -> str:
    return "null"


def audited_sources(**_arguments: object) -> list[object]:
    return []


def names_of(_sources: object, _attribute: str) -> str:
    return "'BountyMetric'"


def is_cache_connected() -> str:
    return "true"


def audit_drifted(_sources: object) -> str:
    return "select 'BountyMetric' as legacy_table"


def audit_sums(_sources: object) -> str:
    return "select 'days' as side"


def audit_keys(_sources: object) -> str:
    return "select 'days' as hop"


def counted_days() -> str:
    return "counted_days"


def view_parameter(_name: str, _type: str) -> str:
    return "(1)"


def event_storage() -> dict[str, object]:
    return {"partition_key": "toYYYYMM(createdAt)", "sharded": None}


def from_event_parts(_sharded: object) -> str:
    return "from system.parts as event_parts where event_parts.active"


def month_fingerprints(*_relations: object) -> str:
    return "select 202501 as month, 1 as fingerprint"


def built_from(_days: object) -> str:
    return "select 202501 as month, 1 as fingerprint"


def worst_keys(*_arguments: str) -> str:
    return "[]"
