"""How a page is laid out: lists, tables and folded parts with so many entries as fit, for a browser or for a terminal."""

from collections.abc import Iterable


class Layout:
    """scale: how many entries of a list are shown, all if None. folds: whether the reader is a browser."""

    def __init__(self, scale: int | None, folds: bool) -> None:
        self._scale = scale
        self._folds = folds

    def names(self, names: list[str]) -> str:
        most = 12 if self._scale is not None else len(names)
        return ", ".join(f"`{name}`" for name in names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")

    def bullets(self, lines: list[str], things: str) -> str:
        return "\n".join([*(f"- {line}" for line in lines[: self._scale]), *self.left(len(lines), f"{things}", "- ")])

    def table(self, names: list[str], rows: list[list[str]], things: str) -> str:
        if not rows:
            return ""
        shown = [[cell.replace("|", "\\|").replace("\n", " ")[:200] for cell in row] for row in rows[: self._scale]]
        left = self.left(len(rows), things, "")
        if not self._folds:
            widths = [max(len(row[column]) for row in [names, *shown]) for column in range(len(names))]
            lines = [
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [names, *shown]
            ]
            return "\n".join([*lines, *left])
        lines = [f"| {' | '.join(row)} |" for row in [names, *shown]]
        lines.insert(1, "|" + "---|" * len(names))
        return "\n".join(lines) + "".join(f"\n\n{line}" for line in left)

    def blocks(self, blocks: Iterable[str], count: int, things: str) -> str:
        shown = [block for _, block in zip(range(count if self._scale is None else self._scale), blocks, strict=False)]
        return "\n\n".join([*shown, *self.left(count, things, "")])

    def left(self, count: int, things: str, bullet: str) -> list[str]:
        """The line that counts what has no place."""
        left = 0 if self._scale is None else count - self._scale
        return [f"{bullet}{left} more {things} are in the full report."] if left > 0 else []

    def cut(self, hunk: str) -> str:
        lines = hunk.splitlines()
        most = len(lines) if self._scale is None else 20 + 2 * self._scale
        return "\n".join([*lines[:most], *([f"... {len(lines) - most} more lines"] if len(lines) > most else [])])

    def fence(self, language: str, text: str) -> str:
        ticks = "````" if "```" in text else "```"
        return f"{ticks}{language}\n{text}\n{ticks}" if self._folds else text

    def fold(self, title: str, text: str) -> str:
        if not self._folds:
            return f"### {title}\n\n{text}"
        return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"
