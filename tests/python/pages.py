"""What README and docs say, as tests compare it with the project: commands, links, tables, files."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from entity_metrics import PROJECT

PAGES = {
    str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8")
    for path in sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob(".github/*.md")])
}
"""Every page by its path."""

CURRENT = {name: text for name, text in PAGES.items() if not name.startswith("docs/decisions/") and name != "docs/extending.md"}
"""Those that say what is so now. A decision says what was decided, and test_extending.py follows extending.md to the letter."""

PROGRAM = r"(?:entity-metrics|dbt|make|python|\.venv/bin/python|pre-commit|docker|\.) "


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language and its lines."""

    language: str
    text: str


def fences(page: str) -> list[Fence]:
    return [Fence(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)]


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def code_spans(page: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(page))


def table_rows(page: str) -> list[list[str]]:
    """The cells of all rows of tables, headings included."""
    rows = [line for line in prose(page).splitlines() if line.startswith("|") and not re.fullmatch(r"[|\- ]+", line)]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def tables(page: str) -> dict[str, list[list[str]]]:
    """The rows of the first table below each heading, without the row of its names, by the heading's text."""
    found: dict[str, list[list[str]]] = {}
    for section in re.split(r"^#+ ", prose(page), flags=re.MULTILINE)[1:]:
        heading, _, rest = section.partition("\n")
        first = re.search(r"(?:^\|.*\n)+", rest, re.MULTILINE)
        if first:
            found[heading] = table_rows(first[0])[1:]
    return found


def commands(page: str) -> list[str]:
    """What a reader may type: all of a fenced sh block, what follows a prompt, what is in the first column of a table, and each
    command in the text that has more than a verb, which alone is a name."""
    found = [fence.text for fence in fences(page) if fence.language == "sh"]
    found += [line[2:] for fence in fences(page) for line in fence.text.splitlines() if line.startswith("$ ")]
    found += [span for cells in table_rows(page) for span in re.findall(r"`([^`]+)`", cells[0]) if re.match(PROGRAM, span)]
    for span in code_spans(page):
        if re.match(PROGRAM, span) and (len(shlex.split(span)) > 2 or span.startswith("make ")):
            found.append(span)
    return list(dict.fromkeys(found))


def anchors(page: str) -> set[str]:
    """As GitHub makes them of headings."""
    made: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        made.add(next(name for n in range(99) if (name := slug + (f"-{n}" if n else "")) not in made))
    return made


def links(page: str) -> list[str]:
    """Where its links lead, but for addresses."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if not re.match(r"https?:", link)]


GENERATED = (
    ".venv",
    ".chdb",
    ".sample_site",
    ".benchmark",
    ".diff",
    ".pytest_cache",
    "logs/",
    "target/",
    "profiles.yml",
    "dbt_packages",
    "../",
    "/",
)
"""What a checkout does not have at first."""


def paths(page: str) -> list[str]:
    """Files and folders that code spans name, with `*` for what is to be filled in."""
    found = []
    for span in code_spans(page):
        named = re.sub(r"<[^>]+>|\.\.\.", "*", span)
        if re.fullmatch(r"[\w.*\-]+(/[\w.*\-]+)*/?", named) and ("/" in named or named.endswith((".md", ".yml", ".py", ".csv"))):
            found.append(named)
    return [path for path in found if not path.startswith(GENERATED)]


def exists(path: str) -> bool:
    return any(True for _ in PROJECT.glob(path.rstrip("/"))) or (PROJECT / path).exists()


def models() -> set[str]:
    """What dbt selects by name: models, snapshots and seeds, and folders directly under models/."""
    files = [path for folder in ("models", "snapshots", "seeds") for path in (PROJECT / folder).rglob("*.*")]
    return {path.stem for path in files} | {path.name for path in (PROJECT / "models").iterdir() if path.is_dir()}


def macro_arguments() -> dict[str, set[str]]:
    """Of each macro the names of its arguments."""
    text = "\n".join(Path(file).read_text(encoding="utf-8") for file in (PROJECT / "macros").rglob("*.sql"))
    return {
        name: {argument.split("=")[0].strip() for argument in arguments.split(",") if argument.strip()}
        for name, arguments in re.findall(r"{%-? macro (\w+)\(([^)]*)\)", text)
    }
