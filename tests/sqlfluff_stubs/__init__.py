"""What sqlfluff needs to render models and tests without a database: dbt's context, and the macros that ask the target.

The unpivot, the fan-out, the slice's condition and other macros that only make SQL are rendered from macros/, see
load_macros_from_path.
"""

execute = True

_VARS = {"range_limit": 0, "include_zero_values": False, "source_events_cutoff": "2024-08-07 15:44:39.044"}


def config(**_kwargs: object) -> str:
    return ""


def var(name: str) -> object:
    return _VARS[name]


def backfill_date() -> str:
    return "2025-01-21"


def utc_time(_name: str) -> str:
    return "2024-08-07 15:44:39.044"


def text_source(_source: str, table: str) -> str:
    return f"{table}__text"


def missing_column_comment() -> str:
    return "Missing in the source"


def pulled_columns(_relation: object) -> list[str]:
    return ["bountyId", "commentCount"]


def event_relation() -> str:
    return "events"


def table_exists(_relation: object) -> bool:
    return True


def is_trial() -> bool:
    return False


def left_out(_slice: object) -> dict[str, list[str]]:
    return {"Bounty": ["entryCount"]}


def counterparts(_slice: object) -> list[dict[str, str]]:
    return [{"entity_type": "Bounty", "metric_type": "entryCount", "counterpart": "entryCount"}]


def event_model(_relation: object) -> dict[str, object]:
    metrics = {"commentCount": "commentCount", "unitAmountCount": "unitAmount"}
    return {
        "meta": {"legacy_table": "BountyMetric", "entity_type": "Bounty", "entity_id": "bountyId", "metrics": metrics},
        "catalog": {"entity_type": "Bounty", "metrics": metrics},
        "snapshot": "stg_bounty_metrics",
        "published": "events",
    }


def published_slice(_checked: object) -> str:
    return "(\n        select *\n        from events\n    )"


_PAIR = {
    "entity_type": "Bounty",
    "metric_type": "entryCount",
    "packages": "bounty_entry",
    "legacy_table": "BountyMetric",
    "legacy_column": "entryCount",
    "agreement": "exact",
    "reason": "",
}


def package_of(_relation: object) -> dict[str, object]:
    slice_ = {"counted_from": "source_events", "metrics": {"Bounty": ["entryCount"], "*": ["tippedCount"]}}
    return {"name": "bounty_entry", "slice": slice_, "catalog": [_PAIR], "nodes": []}


def legacy_values(_package: object, _legacy_table: str, _legacy_column: str) -> dict[str, str]:
    return {"relation": "stg_bounty_metrics", "entity_id": "bountyId", "where": "true"}


def built_events(_package: object, _pairs: object) -> str:
    return "bounty_entry"
