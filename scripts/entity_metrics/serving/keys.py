"""The names of keys in the cache. Nothing else makes one."""

import functools
from collections.abc import Iterable

from entity_metrics import registry
from entity_metrics.errors import EntityMetricsError

PREFIX = "entity:metrics"
BUCKET = 1000
"""A bulk fill watches the writes of so many neighbouring ids."""

CURSOR = f"{PREFIX}:cursor"
"""Up to which refresh of the totals the cache was told."""

USERS = "user:metrics"
USERS_CURSOR = f"{CURSOR}:users"
"""Of which refresh of user_totals the cached users are."""


def entity_key(entity_type: str, entity_id: int) -> str:
    """The hash of an entity: its fields are quantities, its values totals. Raises EntityMetricsError for a type nobody knows."""
    return f"{hashes_of(entity_type)}{int(entity_id)}"


@functools.cache
def hashes_of(entity_type: str) -> str:
    """What the names of a type's hashes begin with; the id follows. Raises EntityMetricsError for a type nobody knows."""
    return f"{PREFIX}:{known_type(entity_type)}:"


def user_key(user_id: int) -> str:
    """The hash of a user: columns of user_totals, those of LIVE_USER_METRICS as of now, and which refresh the others are of."""
    return f"{USERS}:{int(user_id)}"


def keys_of(entity_type: str, entity_id: int) -> list[str]:
    """The hashes of an entity: its own, and what a user shows. Raises EntityMetricsError for a type that nobody knows."""
    return [entity_key(entity_type, entity_id), *([user_key(entity_id)] if entity_type == "User" else [])]


def reactions_key(user_id: int, image_id: int) -> str:
    """The hash of a user's reactions to an image, whose one field is a number of flags."""
    return f"reactions:{int(user_id)}:{int(image_id)}"


def buckets_with(keys: Iterable[str]) -> list[str]:
    """The buckets of hashes of entities: what every write of one or of its neighbours changes, so that a bulk fill can watch it.

    They are not in the slot of the entities' keys.
    """
    parts = (key.rpartition(":") for key in keys if key.startswith(PREFIX + ":"))
    return list({f"{buckets_of(hashes)}{int(entity_id) // BUCKET}" for hashes, _, entity_id in parts})


def buckets_of(hashes: str) -> str:
    """What the names of the buckets begin with whose hashes' names begin so."""
    return f"{{{hashes.removesuffix(':')}}}:writes:"


def event_key(key: str, event_id: str) -> str:
    """Says that an event of this id was counted for the key, which it shares a slot of a cluster with."""
    return f"{{{key}}}:event:{event_id}"


def outcome_key(fill: str) -> str:
    """What a bulk fill of this name has kept."""
    return f"{{{PREFIX}:bulk}}:{fill}"


def known_type(entity_type: str) -> str:
    """The entity type, if the registry has it. A key `post` beside `Post` would be a queue that nobody reads."""
    if entity_type not in entity_types():
        names = ", ".join(sorted(entity_types()))
        raise EntityMetricsError(f"No entity type is named '{entity_type}': the registry has {names}.")
    return entity_type


def checked_ids(ids: Iterable[int]) -> list[int]:
    """The ids, each once. Raises EntityMetricsError for what no Int32 holds."""
    checked = list(dict.fromkeys(ids))
    for i in checked:
        if not isinstance(i, int) or isinstance(i, bool) or not -(2**31) <= i < 2**31:
            raise EntityMetricsError(f"'{i}' is no id: give whole numbers of 32 bits.")
    return checked


@functools.cache
def entity_types() -> frozenset[str]:
    """Those of the registry."""
    return frozenset(quantity.entity_type for quantity in registry.quantities())
