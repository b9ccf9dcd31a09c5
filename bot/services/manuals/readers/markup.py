"""HTML into blocks, without any library: what mammoth and trafilatura hand over is simple HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from bot.services.manuals.readers.document import LOOKS_LIKE_HEADING, Block, span, table

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BREAKS = "p div li ul ol dl dt dd section article blockquote pre tr figure main"
_SKIPPED = "script style noscript template svg head iframe select button"
BREAKS = frozenset(_BREAKS.split())
SKIPPED = frozenset(_SKIPPED.split())
BOLD_LIMIT = 40
MAX_SPAN = 200


@dataclass(slots=True)
class _Table:
    """A table being read: placed cells, and the grid places that row spans already took."""

    cells: list[tuple[int, int, int, int, str]] = field(default_factory=list)
    taken: set[tuple[int, int]] = field(default_factory=set)
    row: int = -1
    column: int = 0
    header_rows: int = 0
    open: tuple[int, int, bool] | None = None
    text: list[str] = field(default_factory=list)
    is_all_header: bool = True


class Markup(HTMLParser):
    """Feed it HTML, take `blocks`; `title` is what stands in <title>."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.title = ""
        self._text: list[str] = []
        self._plain = False
        self._level = 0
        self._bold = 0
        self._item = 0
        self._skipped: list[str] = []
        self._in_title = False
        self._tables: list[_Table] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        elif self._skipped or tag in SKIPPED:
            if tag in SKIPPED:
                self._skipped.append(tag)
        elif self._tables and self._tables[-1].open and tag != "table":
            if tag in BREAKS or tag == "br":
                self._tables[-1].text.append(" ")
        elif tag == "table":
            self._flush()
            self._tables.append(_Table())
        elif self._tables:
            self._start_cell(tag, dict(attrs))
        elif tag in HEADINGS:
            self._flush()
            self._level = HEADINGS[tag]
        elif tag in BREAKS:
            self._flush()
            self._item += tag == "li"
        elif tag == "br":
            self._flush()
        elif tag in ("b", "strong"):
            self._bold += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif self._skipped:
            if tag == self._skipped[-1]:
                self._skipped.pop()
        elif self._tables:
            self._end_in_table(tag)
        elif tag in HEADINGS or tag in BREAKS:
            self._flush()
            self._item -= tag == "li" and self._item > 0
        elif tag in ("b", "strong"):
            self._bold = max(0, self._bold - 1)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title = (self.title + data).strip()
        elif self._skipped:
            return
        elif self._tables:
            if self._tables[-1].open:
                self._tables[-1].text.append(data)
        else:
            self._text.append(data)
            self._plain = self._plain or (not self._bold and bool(data.strip()))

    def close(self) -> None:
        super().close()
        while self._tables:
            self._end_in_table("table")
        self._flush()

    def _flush(self) -> None:
        text = " ".join("".join(self._text).split())
        if text:
            looks = not self._plain and not self._item and len(text) <= BOLD_LIMIT
            level = self._level or (LOOKS_LIKE_HEADING if looks and text[-1] not in "。、" else 0)
            self.blocks.append(Block(text=text, level=level, is_item=self._item > 0))
        self._text, self._plain, self._level = [], False, 0

    def _start_cell(self, tag: str, attributes: dict[str, str | None]) -> None:
        current = self._tables[-1]
        if tag == "tr":
            self._close_row(current)
            current.row += 1
            current.column = 0
            current.is_all_header = True
        elif tag in ("td", "th") and current.row >= 0:
            while (current.row, current.column) in current.taken:
                current.column += 1
            tall, wide = (_count(attributes.get(key)) for key in ("rowspan", "colspan"))
            current.open = (tall, wide, tag == "th")
            current.text = []

    def _end_in_table(self, tag: str) -> None:
        current = self._tables[-1]
        if tag in ("td", "th"):
            self._close_cell(current)
        elif tag == "table":
            self._close_cell(current)
            self._close_row(current)
            self._tables.pop()
            rows = span(current.cells)
            if self._tables:  # a table inside a cell is read as the words of that cell
                self._tables[-1].text.append(" ".join(cell for row in rows for cell in row))
                return
            sure = current.header_rows > 0
            self.blocks += table(rows, header_rows=current.header_rows, is_sure=sure)

    def _close_cell(self, current: _Table) -> None:
        if current.open is None:
            return
        tall, wide, is_header = current.open
        text = " ".join("".join(current.text).split())
        current.cells.append((current.row, current.column, tall, wide, text))
        current.taken |= {
            (current.row + y, current.column + x) for y in range(tall) for x in range(wide)
        }
        current.column += wide
        current.is_all_header = current.is_all_header and is_header
        current.open = None

    def _close_row(self, current: _Table) -> None:
        self._close_cell(current)
        has_cells = current.column > 0
        if has_cells and current.is_all_header and current.header_rows == current.row:
            current.header_rows += 1


def read_markup(html: str) -> tuple[str, list[Block]]:
    """The words of <title> and the blocks of a page, in reading order."""
    parser = Markup()
    parser.feed(html)
    parser.close()
    return parser.title, parser.blocks


def _count(value: str | None) -> int:
    return (
        min(int(value), MAX_SPAN)
        if value and value.isascii() and value.isdigit() and int(value)
        else 1
    )
