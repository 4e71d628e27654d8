"""Take the pictures of docs/pictures/ anew, from what `make demo` left: `make pictures`. A Chromium must be installed."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
REPORT = PROJECT / "target" / "report.html"
FOLDER = PROJECT / "docs" / "pictures"

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


def main() -> None:
    if not chromium():
        sys.exit(f"No Chromium is installed: install one of {', '.join(BROWSERS)}.")
    if not REPORT.exists():
        sys.exit("There is no target/report.html: run `make demo`.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with opened_browser() as browser:
        print(take_report(browser).relative_to(PROJECT))


if __name__ == "__main__":
    main()
