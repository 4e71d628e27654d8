"""Split points and range conditions, for any keys: each row is in exactly one range. In the engine, without a project."""

import json
from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from macros import load

KEYS = st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5), st.sampled_from([7, 2147483647])), max_size=60)
SIZES = st.integers(1, 50)
STREAMS = st.integers(1, 4)


class Config:
    """A model's config, whose range key is `id`."""

    def meta_get(self, _name: str, _default: str = "") -> str:
        return "id"

    meta_require = meta_get


MACROS = load("pull/ranges.sql", "pull/fingerprint.sql", config=Config())


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    """Closed after the module: a process has one engine open at a time, and the next test may be one with a folder."""
    with clickhouse_connect.get_client(interface="chdb", settings={"max_threads": 1, "compile_expressions": 0}) as client:
        yield client


def points_of(points: list[tuple[int, int, float]]) -> str:
    """SQL of points: low, key and the number of rows between them."""
    rows = ", ".join(f"({low}, {key}, {weight})" for low, key, weight in points)
    return f"select *, true as is_complete from values('low Int64, key Int64, weight Float64', {rows})"


def bounds_of(engine: Any, points: list[tuple[int, int, float]], size: int, streams: int) -> list[int]:
    """The keys that a plan splits at."""
    return json.loads(engine.query(MACROS["split_points_query"](points_of(points), size, streams)).result_rows[0][0])


def times_pulled(engine: Any, keys: list[int], bounds: list[int], streams: int) -> list[int]:
    """In how many ranges and streams each key is, for its own copy of each row."""
    conditions = [
        condition for step in MACROS["range_bounds"](bounds, streams) for condition in MACROS["range_conditions"](Bounds(step))
    ]
    counted = " + ".join(f"toUInt32{condition}" for condition in conditions)
    rows = ", ".join(f"(toInt64({key}))" for key in keys)
    return [row[0] for row in engine.query(f"select {counted} from values('id Int64', {rows})").result_rows]


class Bounds:
    def __init__(self, bounds: list[int | None]) -> None:
        self.bounds = bounds


@settings(max_examples=60, deadline=None)
@given(keys=KEYS, size=SIZES, streams=STREAMS)
@example(keys=[-(2**63), 2**63 - 1], size=1, streams=1)
@example(keys=[7] * 60, size=5, streams=2)
def test_each_row_is_pulled_once_from_a_sample(engine: Any, keys: list[int], size: int, streams: int) -> None:
    """Keys are points of their own, as in the sample: splits fall between them, whatever their sizes and gaps."""
    if not keys:
        assert times_pulled(engine, [0], [], streams) == [1]
        return
    bounds = bounds_of(engine, [(key, key, 1.0) for key in keys], size, streams)
    assert bounds == sorted(set(bounds)) and all(bound in keys for bound in bounds)
    assert times_pulled(engine, [*keys, 0, -(2**63), 2**63 - 1], bounds, streams) == [1] * (len(keys) + 3)


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.integers(-(2**62), 2**62), min_size=2, max_size=30, unique=True),
    weights=st.lists(st.floats(0.1, 1e9), min_size=30, max_size=30),
    size=st.integers(1, 10**9),
    streams=STREAMS,
)
def test_each_row_is_pulled_once_from_statistics(
    engine: Any, edges: list[int], weights: list[float], size: int, streams: int
) -> None:
    """Buckets of a histogram, of any width and weight, beside a value that is common: whatever they say, no row is lost."""
    edges = sorted(edges)
    size = max(size, int(sum(weights[: len(edges)]) / 8) + 1)
    points = [(low, key, weight) for low, key, weight in zip(edges, edges[1:], weights, strict=False)]
    bounds = bounds_of(engine, [*points, (edges[0], edges[0], weights[-1])], size, streams)
    assert bounds == sorted(set(bounds))
    keys = [*edges, *bounds, *(bound + 1 for bound in bounds), -(2**63), 2**63 - 1]
    assert times_pulled(engine, keys, bounds, streams) == [1] * len(keys)


def test_parts_are_equal(engine: Any) -> None:
    """Rows spread over sparse keys: no part holds more than the others, but for a value that may not be divided."""
    keys = [n**3 for n in range(1000)] + [500**3] * 400
    bounds = bounds_of(engine, [(key, key, 1.0) for key in keys], 100, 1)
    counts = [sum(low < key <= high for key in keys) for low, high in zip([-1, *bounds], [*bounds, 10**10], strict=True)]
    assert sum(counts) == 1400 and max(counts) <= 560 and sorted(counts)[-2] <= 150


@settings(max_examples=60, deadline=None)
@given(keys=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50))
def test_weights_are_postgres_hashes(engine: Any, keys: list[int]) -> None:
    """As its hashint8 is written: Bob Jenkins's mix of the two halves of the key."""
    names = ", ".join(MACROS["fingerprint_weight"]("id"))
    rows = ", ".join(f"(toInt64({key}))" for key in keys)
    found = [row[0] for row in engine.query(f"with {names} select weight from values('id Int64', {rows})").result_rows]
    assert found == [hashint8(key) for key in keys]


def hashint8(key: int) -> int:
    def rotated(word: int, bits: int) -> int:
        return (word << bits | word >> 32 - bits) % 2**32

    high = key >> 32
    word = (key ^ (high if key >= 0 else ~high)) % 2**32
    b = c = 0x9E3779B9 + 4 + 3923095
    a = (b + word) % 2**32
    c = ((c ^ b) - rotated(b, 14)) % 2**32
    a = ((a ^ c) - rotated(c, 11)) % 2**32
    b = ((b ^ a) - rotated(a, 25)) % 2**32
    c = ((c ^ b) - rotated(b, 16)) % 2**32
    a = ((a ^ c) - rotated(c, 4)) % 2**32
    b = ((b ^ a) - rotated(a, 14)) % 2**32
    c = ((c ^ b) - rotated(b, 24)) % 2**32
    return c - 2**32 if c >= 2**31 else c
