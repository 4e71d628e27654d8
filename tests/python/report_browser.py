"""The report's page in a headless Chromium."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

WIDTHS = (360, 768, 1920)
SECOND = 1000
"""Milliseconds."""


ALIKE = """
document.querySelectorAll('tbody').forEach((body) => {
    const seen = {};
    for (const row of [...body.rows]) {
        const kind = [...row.cells].map((cell) => cell.className).join();
        seen[kind] = (seen[kind] || 0) + 1;
        if (seen[kind] > 3) row.remove();
    }
})"""
"""Takes rows out of which there are three with the same classes: axe-core would look at each for minutes."""


class Opened:
    """A page that is open in a browser of these settings. requests: what left it; errors: what the console said."""

    def __init__(self, browser: Browser, file: Path, width: int = 1280, **settings: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 1000}, **settings)
        self.tab: Page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("console", lambda message: self.errors.append(message.text))
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.goto(file.as_uri())

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def scrolls_sideways(self) -> bool:
        return self.tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def accessibility(self) -> Any:
        """What axe-core has to say of the page."""
        self.tab.evaluate(ALIKE)
        return Axe().run(self.tab, options={"resultTypes": ["violations"]})


def looks(browser: Browser, file: Path, pictures: Path) -> None:
    """At each width, light and dark: nothing scrolls sideways but tables in their frames, and axe-core finds nothing."""
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            with Opened(browser, file, width, color_scheme=scheme) as opened:
                assert not opened.scrolls_sideways(), (scheme, width)
                opened.tab.screenshot(path=pictures / f"{scheme}_{width}.png", caret="initial")
                assert opened.errors == []
                if width == WIDTHS[0]:
                    found = opened.accessibility()
                    assert found.violations_count == 0, found.generate_report()
                    assert len(found.response["passes"]) > 20


def see_what_is_wrong(browser: Browser, file: Path) -> None:
    """Something too wide, faint text, a table without heads, and a picture from elsewhere, which the page refuses to fetch."""
    with Opened(browser, file) as opened:
        opened.tab.evaluate("""() => {
            document.querySelector('h1').style.color = '#ccc';
            document.querySelector('#jobs caption').innerHTML = '<img src="https://evil.example/x.png"><p id="wide">x';
            document.querySelector('#wide').style.width = '3000px';
            document.querySelector('#jobs .wide').style.overflow = 'visible';
        }""")
        assert opened.scrolls_sideways()
        assert {"color-contrast", "image-alt"} <= {found["id"] for found in opened.accessibility().response["violations"]}
        assert any("Content Security Policy" in error for error in opened.errors)


def print_it(browser: Browser, file: Path, pictures: Path) -> None:
    """On paper nothing is cut off, and what only a screen needs is not there."""
    width = 1040  # of A4, landscape, between its margins
    with Opened(browser, file, width) as opened:
        opened.tab.emulate_media(media="print")
        assert not opened.scrolls_sideways()
        rights = "[...document.querySelectorAll('table')].map((table) => table.getBoundingClientRect().right)"
        assert max(opened.tab.evaluate(rights)) <= width
        expect(opened.tab.locator("nav")).to_be_hidden()
        opened.tab.pdf(path=pictures / "paper.pdf", prefer_css_page_size=True)


def read_without_javascript(browser: Browser, file: Path, sections: int) -> None:
    """All is there but the filter and the buttons; what is folded opens."""
    with Opened(browser, file, java_script_enabled=False) as opened:
        tab = opened.tab
        assert tab.locator("section:visible").count() == sections and opened.errors == []
        expect(tab.locator("#filter")).to_be_hidden()
        assert tab.locator("button").count() == 0
        query = tab.locator("#query-runs")
        expect(query.locator("pre")).to_be_hidden()
        query.locator("summary").click()
        expect(query.locator("pre")).to_be_visible()


def use_the_keyboard(browser: Browser, file: Path) -> None:
    """Skip to the sections, filter the rows, open the SQL of a figure, and copy a table for a sheet."""
    with Opened(browser, file, permissions=["clipboard-read", "clipboard-write"]) as opened:
        tab = opened.tab
        assert tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") < SECOND
        tab.keyboard.press("Tab")
        expect(tab.locator(":focus")).to_have_text("Skip to the sections")
        tab.keyboard.press("Enter")
        assert tab.url.endswith("#main")
        tab.locator("#filter input").focus()
        tab.keyboard.type("TRACKcount")
        rows = tab.locator("tbody tr:visible")
        assert 0 < rows.count() < 20 and "trackCount" in rows.first.inner_text()
        expect(tab.locator("#filter output")).to_have_text(f"{rows.count()} of {tab.locator('tbody tr').count()} rows")
        button = tab.get_by_role("button", name="Copy the table: Every quantity of the registry")
        button.focus()
        tab.keyboard.press("Enter")
        expect(button).to_have_text("Copied")
        heading, *lines = [line.split("\t") for line in tab.evaluate("navigator.clipboard.readText()").split("\n")]
        assert heading[:2] == ["entity", "quantity"] and {line[1] for line in lines} == {"trackCount"}
        assert all(line[heading.index("totals")].isdigit() for line in lines)
        tab.locator("#filter input").fill("")
        tab.locator("#quantities a[href='#sql-metric_totals']").first.focus()
        tab.keyboard.press("Enter")
        expect(tab.locator("#sql-metric_totals pre")).to_be_visible()
        assert opened.requests == [file.as_uri()] and opened.errors == [] and tab.title() == "Entity metrics: proven"
