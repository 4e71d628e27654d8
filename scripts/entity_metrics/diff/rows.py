"""What was found of the rows of a node."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Rows:
    """before, after: how many there are; of the others added, removed, changed and unchanged.

    key: the columns that identify a row, empty where whole rows are compared; key_from: where that is said; columns: by name in
    how many changed rows it differs, and its sum on both sides; examples: by kind; concentrated: what most such rows have in
    common; left_out: columns that differ between two runs of the same SQL. Columns of two types are compared as text.
    """

    before: int
    after: int
    added: int = 0
    removed: int = 0
    changed: int = 0
    unchanged: int = 0
    key: list[str] = field(default_factory=list)
    key_from: str = ""
    columns: list[dict[str, Any]] = field(default_factory=list)
    examples: dict[str, list[Any]] = field(default_factory=dict)
    concentrated: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    lost_columns: list[str] = field(default_factory=list)
    new_columns: list[str] = field(default_factory=list)
    retyped_columns: list[dict[str, str]] = field(default_factory=list)

    @property
    def columns_differ(self) -> bool:
        return bool(self.lost_columns or self.new_columns or self.retyped_columns)

    @property
    def differ(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.columns_differ)
