"""The publishing plan, for any two states of a slice: what it leaves, deletes and takes makes the one into the other."""

import hashlib
import types
from collections import Counter
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entity_metrics import PROJECT

MONTHS = st.sampled_from([202401, 202402, 202403, 202512])
EVENTS = st.lists(
    st.tuples(MONTHS, st.sampled_from(["Post", "Image"]), st.sampled_from(["Like", "tippedAmount"]), st.integers(-3, 3))
)
"""Events as month, entity type, metric type and value. Few of each, so that states overlap."""


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


def macro(name: str) -> Any:
    """A macro of macros/publish/plan.sql, to be called as dbt calls it."""

    def returning(value: Any) -> None:
        raise _Returned(value)

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    source = (PROJECT / "macros" / "publish" / "plan.sql").read_text()
    module = environment.from_string(source, globals={"return": returning}).make_module()

    def call(*arguments: Any) -> Any:
        with pytest.raises(_Returned) as returned:
            getattr(module, name)(*arguments)
        return returned.value.value

    return call


def fingerprint(value: int) -> int:
    return int(hashlib.sha256(str(value).encode()).hexdigest()[:16], 16)


def months_of(events: list[tuple[int, str, str, int]]) -> list[dict[str, Any]]:
    """What the macro `months_of` would find."""
    rows = []
    for key in sorted({event[:3] for event in events}):
        values = [event[3] for event in events if event[:3] == key]
        rows.append(
            dict(zip(("month", "entity_type", "metric_type"), key, strict=True))
            | {"events": len(values), "total": sum(values), "fingerprint": sum(fingerprint(value) for value in values)}
        )
    return rows


@given(before=EVENTS, after=EVENTS, kept_back=EVENTS)
@settings(max_examples=200, deadline=None)
def test_a_plan_makes_what_is_there_into_what_is_to_be_there(before: Any, after: Any, kept_back: Any) -> None:
    built = after + kept_back
    rows_by_month = Counter(event[0] for event in built)
    plan = types.SimpleNamespace(**macro("publishing_plan")(months_of(before), months_of(after), rows_by_month))

    there = [event for event in before if event[0] not in plan.delete]
    there += [event for event in built if event[0] in plan.own]  # attached as it is, with all that it holds
    there += [event for event in after if event[0] in plan.picked]
    assert Counter(there) == Counter(after)

    changed = {event[0] for event in (Counter(before) - Counter(after)) | (Counter(after) - Counter(before))}
    assert {*plan.delete, *plan.own, *plan.picked} == changed
    assert not set(plan.own) & set(plan.picked)
