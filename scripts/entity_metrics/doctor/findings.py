"""What a check has to say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True)
class Finding:
    """level: ok, warning or error; check: its name; thing: what was found; remedy: what helps, '' where all is well."""

    level: str
    check: str
    thing: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """A thing to look at. fine: what is true where `look` has nothing to say; it gives (level, thing, remedy)."""

    name: str
    fine: str
    look: Callable[[Any], Iterator[tuple[str, str, str]]]

    def __call__(self, seen: Any) -> list[Finding]:
        found = [Finding(level, self.name, thing, remedy) for level, thing, remedy in self.look(seen)]
        return found or [Finding(OK, self.name, self.fine)]
