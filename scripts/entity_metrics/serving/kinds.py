"""What can be looked up."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """What is looked up: the key of an id, how ClickHouse is asked for ids, and how long a hash lives.

    life: a name of Lifetimes; `totals` lives on while it is read.
    """

    name: str
    key: Callable[[int], str]
    fetch: Callable[[Sequence[int]], dict[int, Any]]
    life: str = "totals"

    def fields(self, text: str) -> dict[str, Any]:
        """Of the fields and values of a hash, a line each."""
        lines = text.split("\n") if text else []
        values = lines[1::2]
        return dict(zip(lines[::2], numbers(values) if "." in text else map(int, values), strict=True))

    @staticmethod
    def text(fields: dict[str, Any]) -> str:
        """Of a hash, its fields and values, a line each."""
        return "\n".join(map(str, itertools.chain.from_iterable(fields.items())))


def numbers(texts: Iterable[str]) -> list[int | float]:
    """Counts, and scores, which have a point."""
    return [float(text) if "." in text else int(text) for text in texts]
