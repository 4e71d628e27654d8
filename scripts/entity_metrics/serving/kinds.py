"""What can be looked up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """What is looked up: the key of an id, how ClickHouse is asked for ids, how long a hash lives, and what a value is.

    life: a name of Lifetimes; `totals` lives on while it is read.
    """

    name: str
    key: Callable[[int], str]
    fetch: Callable[[Sequence[int]], dict[int, Any]]
    life: str = "totals"
    value: Callable[[str], Any] = int

    def fields(self, text: str) -> dict[str, Any]:
        """Of the fields and values of a hash, a line each."""
        lines = text.split("\n") if text else []
        return dict(zip(lines[::2], map(self.value, lines[1::2]), strict=True))

    @staticmethod
    def text(fields: dict[str, Any]) -> str:
        """Of a hash, its fields and values, a line each."""
        return "\n".join(f"{name}\n{value}" for name, value in fields.items())
