"""What sqlfluff needs to render models and tests without a database: dbt's context, and the macros that ask the target.

The unpivot, the slice's condition and other macros that only make SQL are rendered from macros/, see load_macros_from_path.
"""

execute = True

_VARS = {"include_zero_values": False}


def config(**_kwargs: object) -> str:
    return ""


def var(name: str) -> object:
    return _VARS[name]


def backfill_date() -> str:
    return "2025-01-21"


def missing_column_comment() -> str:
    return "Missing in the source"


def slice_version() -> int:
    return 3


def slice_user_id() -> int:
    return -1


def pulled_columns(_relation: object) -> list[str]:
    return ["bountyId", "commentCount"]


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
