"""What the site records, as events: a rating, a tip, a reaction, a comment, an item, a contributor, a follow."""

from collections.abc import Collection, Sequence
from typing import Any

from entity_metrics import registry
from entity_metrics.errors import EntityMetricsError
from entity_metrics.serving.keys import known_type

Count = tuple[str, int, str, int]
"""Entity type, entity, metric, value."""

Event = dict[str, Any]
"""A line of a segment: the columns of the event table, without time and version, and the event's id if it has one."""

REACTIONS = ("Like", "Dislike", "Laugh", "Cry", "Heart")


class FactRecorder:
    """Methods that record a change of a row of the site's database: `old` is None for a new row, `new` for one that is gone."""

    def _append(self, events: Sequence[Event]) -> None:
        raise NotImplementedError

    def record_rating(
        self, model_id: int, version_id: int, user_id: int, old: bool | None, new: bool | None, event_id: str | None = None
    ) -> None:
        """A review of a model's version: whether the user recommends it."""
        counts: list[Count] = []
        for entity in (("ModelVersion", version_id), ("Model", model_id)):
            for recommended, sign in ((old, -1), (new, 1)):
                if recommended is not None and old != new:
                    counts.append((*entity, "thumbsUpCount" if recommended else "thumbsDownCount", sign))
            counts += _appears(*entity, "ratingCount", old, new)
        self._record_all(user_id, counts, event_id)

    def record_tip(self, entity_type: str, entity_id: int, user_id: int, amount: int, event_id: str | None = None) -> None:
        """A tip from a user. Every tip counts one; a negative amount takes one back."""
        sign = 1 if amount >= 0 else -1
        counts = [(entity_type, entity_id, "tippedCount", sign), (entity_type, entity_id, "tippedAmount", amount)]
        if user_id > 0:
            counts += [("User", user_id, "tipsGivenCount", sign), ("User", user_id, "tipsGivenAmount", amount)]
        self._record_all(user_id, counts, event_id)

    def record_reaction(
        self,
        image_id: int,
        user_id: int,
        old: str | None,
        new: str | None,
        post_id: int | None = None,
        owner_id: int | None = None,
        event_id: str | None = None,
    ) -> None:
        """A reaction to an image: it counts for the image, for its post and for its owner. Raises for an unknown one."""
        counts: list[Count] = []
        for reaction, sign in ((old, -1), (new, 1)):
            if reaction is None or old == new:
                continue
            if reaction not in REACTIONS:
                raise EntityMetricsError(f"There is no reaction '{reaction}': it is one of {', '.join(REACTIONS)}.")
            counts.append(("Image", image_id, reaction, sign))
            if post_id is not None:
                counts.append(("Post", post_id, reaction, sign))
        if post_id is not None:
            counts += _appears("Post", post_id, "reactionCount", old, new)
        if owner_id is not None:
            counts += _appears("User", owner_id, "reactionCount", old, new)
        self._record_all(user_id, counts, event_id)

    def record_comment(self, entity_type: str, entity_id: int, user_id: int, value: int = 1, event_id: str | None = None) -> None:
        """A comment on an entity; -1 when it goes."""
        self._record_all(user_id, [(entity_type, entity_id, "commentCount", value)], event_id)

    def record_collection_item(
        self, collection_id: int, entity_type: str, entity_id: int, user_id: int, value: int = 1, event_id: str | None = None
    ) -> None:
        """An item of a collection; -1 when it goes."""
        collected = "Collection" if entity_type == "Image" else "collectedCount"
        counts = [("Collection", collection_id, "itemCount", value), (entity_type, entity_id, collected, value)]
        self._record_all(user_id, counts, event_id)

    def record_contributor(
        self,
        collection_id: int,
        user_id: int,
        old: Collection[str] | None,
        new: Collection[str] | None,
        event_id: str | None = None,
    ) -> None:
        """A user's permissions for a collection: VIEW makes a follower, ADD a contributor."""
        counts: list[Count] = []
        for permission, metric in (("VIEW", "followerCount"), ("ADD", "contributorCount")):
            before, after = (1 if permission in (given or ()) else None for given in (old, new))
            counts += _appears("Collection", collection_id, metric, before, after)
        self._record_all(user_id, counts, event_id)

    def record_follow(self, user_id: int, target_id: int, old: str | None, new: str | None, event_id: str | None = None) -> None:
        """What a user thinks of another one: Follow, Hide or Block."""
        counts: list[Count] = []
        for kind, entities in {
            "Follow": [("User", target_id, "followerCount"), ("User", user_id, "followingCount")],
            "Hide": [("User", target_id, "hiddenCount")],
        }.items():
            before, after = (1 if kind == given else None for given in (old, new))
            for entity_type, entity_id, metric in entities:
                counts += _appears(entity_type, entity_id, metric, before, after)
        self._record_all(user_id, counts, event_id)

    def record_upload(self, entity_type: str, entity_id: int, user_id: int, value: int = 1, event_id: str | None = None) -> None:
        """A model, post or image that its owner has made; -1 when it goes. user_totals has it after its next refresh."""
        self._record_all(user_id, [(entity_type, entity_id, "Upload", value)], event_id)

    def _record_all(self, user_id: int, counts: Sequence[Count], event_id: str | None) -> None:
        self._append([event_line(kind, entity, user_id, metric, value, event_id) for kind, entity, metric, value in counts])


def _appears(entity_type: str, entity_id: int, metric: str, old: object, new: object) -> list[Count]:
    """One more where there was nothing before, one less where there is nothing now."""
    value = (new is not None) - (old is not None)
    return [(entity_type, entity_id, metric, value)] if value else []


def event_line(entity_type: str, entity_id: int, user_id: int, metric: str, value: int, event_id: str | None) -> Event:
    """The event. Raises EntityMetricsError for what the registry or the event table cannot take."""
    names = {quantity.name for quantity in registry.quantities() if quantity.entity_type == known_type(entity_type)}
    if metric not in names:
        raise EntityMetricsError(f"{entity_type} has no metric '{metric}': the registry has {', '.join(sorted(names))}.")
    for what, number in (("entity", entity_id), ("user", user_id), ("value", value)):
        if not isinstance(number, int) or isinstance(number, bool) or not -(2**31) <= number < 2**31:
            raise EntityMetricsError(f"The {what} of an event is '{number}': give a whole number of 32 bits.")
    event = {"entityType": entity_type, "entityId": entity_id, "userId": user_id, "metricType": metric, "metricValue": value}
    return event if event_id is None else event | {"event_id": str(event_id)}
