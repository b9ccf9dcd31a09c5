"""A document as lines: each paragraph and each table cell with where a person finds it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

# A short line with a number or a mark before it, and no end of a sentence.
_HEADING = re.compile(r"\s{0,4}(?:第?[0-9]{1,2}[\s.]|[(][0-9]{1,2}[)]|[■●◆○◇【])[^。]{1,30}$")


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph, or one cell of a table.

    `place` is for people: 「3段落目」, 「表1の2行目・3列目」. `row` are the texts of the cell's
    whole row, `column` those of its column from the top, `stub` those of the table's first
    column; all are empty outside a table.
    """

    text: str
    place: str = ""
    row: tuple[str, ...] = ()
    column: tuple[str, ...] = ()
    stub: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The head of the cell's column; empty outside a table and in the first row."""
        return self.column[0] if self.column and self.column[0] != self.text else ""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that goes stale: letters `start` to `end` of a line.

    `suggestion` is empty when only a person can say what stands there next.
    """

    start: int
    end: int
    kind: str
    suggestion: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A line and its NFKC form letter by letter, so that 「８」 and 「8」 read the same."""

    line: Line
    plain: str
    origin: tuple[int, ...] = field(repr=False)
    before: str = ""
    heading: str = ""

    def raw(self, start: int, end: int) -> str:
        """The text as it is written where `plain[start:end]` came from."""
        return self.line.text[self.origin[start] : self._end(end)]

    def replaced(self, start: int, end: int, parts: Sequence[tuple[int, int, str]]) -> str:
        """The text at `plain[start:end]` as it is written, with (start, end, new) parts changed."""
        text, at = "", start
        for first, last, new in sorted(parts):
            text += (self.raw(at, first) if first > at else "") + new
            at = last
        return text + (self.raw(at, end) if at < end else "")

    def found(self, start: int, end: int, kind: str, suggestion: str, reason: str) -> Found:
        """A find at `plain[start:end]`, in the letters of the line itself."""
        return Found(self.origin[start], self._end(end), kind, suggestion, reason)

    def sentence(self, at: int) -> str:
        """The sentence around a letter of `plain`."""
        start = self.plain.rfind("。", 0, at) + 1
        end = self.plain.find("。", at)
        return self.plain[start : len(self.plain) if end < 0 else end + 1]

    def _end(self, end: int) -> int:
        return self.origin[end - 1] + 1


def read(lines: Sequence[Line]) -> list[Reading]:
    """Every line with its NFKC form, the last line above that is no cell, and its heading."""
    readings: list[Reading] = []
    above = heading = ""
    for line in lines:
        letters: list[str] = []
        origin: list[int] = []
        for at, letter in enumerate(line.text):
            for plain in unicodedata.normalize("NFKC", letter):
                letters.append(plain)
                origin.append(at)
        readings.append(Reading(line, "".join(letters), tuple(origin), above, heading))
        if not line.row:
            above = readings[-1].plain
            heading = above if _HEADING.match(above) else heading
    return readings
