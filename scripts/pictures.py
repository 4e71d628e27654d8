"""Take the pictures of docs/pictures/ anew: `make pictures`. A Chromium must be installed.

That of the report is of what `make demo` left. That of a difference is of a change that is made in a clone of the last commit.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from markdown_it import MarkdownIt
from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
REPORT = PROJECT / "target" / "report.html"
FOLDER = PROJECT / "docs" / "pictures"

CHANGED = "models/source_events/post_upload_events.sql"
CHANGE = (
    "{{\n    source_events(\n        rows=ref('stg_post'),",
    "with posts as (select * from {{ ref('stg_post') }} where id % 10 != 0)\n\n{{\n    source_events(\n        rows='posts',",
)
"""A file, and what becomes of a text in it: every tenth post would not count any more."""

STYLE = """
body { margin: 2rem; font: 14px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: .3rem .8rem; border: 1px solid #c9d0d8; text-align: left; }
pre { padding: 1rem; background: #f1f4f7; overflow: hidden; } code { font: 13px ui-monospace, monospace; }
"""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Path of the Chromium that is installed; None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """A headless Chromium, closed at the end of the block. It has no sandbox, since it opens files of this project only."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def take_report(browser: Browser) -> Path:
    """The top of the report, as a laptop shows it."""
    page = browser.new_page(viewport={"width": 1280, "height": 1080})
    page.goto(REPORT.as_uri())
    picture = FOLDER / "report.png"
    page.screenshot(path=picture)
    page.close()
    return picture


def take_difference(browser: Browser) -> Path:
    """The top of a comment on a pull request."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
        text = (clone / CHANGED).read_text(encoding="utf-8")
        if CHANGE[0] not in text:
            sys.exit(f"{CHANGED} has no '{CHANGE[0].strip()}' any more: choose another change in {Path(__file__).name}.")
        (clone / CHANGED).write_text(text.replace(*CHANGE), encoding="utf-8")
        command = [str(Path(sys.executable).parent / "entity-metrics"), "diff", "--base", "HEAD", "--output", "markdown"]
        done = subprocess.run(
            command, cwd=clone, env=os.environ | {"PYTHONPATH": str(clone / "scripts")}, stdout=subprocess.PIPE, text=True
        )
    if done.returncode != 1:
        sys.exit(f"No difference was found: `entity-metrics diff` ended with {done.returncode}.")
    comment = MarkdownIt("commonmark", {"html": True}).enable("table").render(done.stdout)
    page = browser.new_page(viewport={"width": 1400, "height": 1080})
    page.set_content(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body>{comment}</body>")
    picture = FOLDER / "diff.png"
    page.screenshot(path=picture)
    page.close()
    return picture


def main() -> None:
    if not chromium():
        sys.exit(f"No Chromium is installed: install one of {', '.join(BROWSERS)}.")
    if not REPORT.exists():
        sys.exit("There is no target/report.html: run `make demo`.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with opened_browser() as browser:
        for take in (take_report, take_difference):
            print(take(browser).relative_to(PROJECT))


if __name__ == "__main__":
    main()
