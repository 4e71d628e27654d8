"""What the report's page says, read as HTML: its tables, links and anchors."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """text: all that is between the tags; ids, links: of all elements; headings: their levels, in order; tables: by caption the
    rows, a cell by its column's heading."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.tables: dict[str, list[dict[str, str]]] = {}
        self._columns: list[str] = []
        self._cells: list[str] = []
        self._inside: list[str] = []
        self._caption = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        self.headings += [int(tag[1])] if tag in ("h1", "h2", "h3", "h4") else []
        if tag == "table":
            self._caption, self._columns = "", []
        elif tag == "tr":
            self._cells = []
        elif tag in ("td", "th"):
            self._cells.append("")
        self._inside += [tag] if tag not in ("meta", "link", "input", "br") else []

    def handle_endtag(self, tag: str) -> None:
        self._inside.pop()
        if tag == "tr" and not self._columns:
            self._columns = self._cells
            self.tables[self._caption] = []
        elif tag == "tr":
            row = dict(zip(self._columns, (cell.strip() for cell in self._cells), strict=True))
            self.tables[self._caption].append(row)

    def handle_data(self, data: str) -> None:
        self.text += data
        if "caption" in self._inside:
            self._caption += data
        elif self._cells and ("td" in self._inside or "th" in self._inside):
            self._cells[-1] += data


def number(cell: str) -> int:
    return int(cell.replace(",", ""))
