"""What past records are cited as: document number, date and subject, from a register or the text.

A register (文書台帳) is a table with the columns 文書番号, 日付, 件名 and ファイル名. What it does
not list says itself what it is: the number, the date and the subject at the head of a letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from bot.errors import UnreadableDocument
from bot.services.manuals.documents import Document, Reader
from bot.services.manuals.incoming import Incoming, Waiting, collect
from bot.services.manuals.readers.dates import ERAS, iso_date

RECORD = "record"
GAP = "　"
TABLES = (".xlsx", ".csv", ".tsv")
COLUMNS = {
    "number": ("文書番号", "番号", "文書記号番号", "記号番号"),
    "day": ("日付", "施行日", "発信日", "文書日付", "年月日", "起案日", "決裁日"),
    "title": ("件名", "題名", "文書名", "標題"),
    "file": ("ファイル名", "ファイル", "電子ファイル名"),
}
# A table without these two is a document like any other.
NEEDED = ("title", "file")
HEAD_LINES = 14
_NUMBER = re.compile(
    r"(?:令和|平成)?[0-9]{1,2}[一-龥ァ-ヶー]{1,10}第\s?[0-9]{1,5}(?:-[0-9]{1,4})?\s?号"
    r"|[一-龥ァ-ヶー]{2,10}第[0-9]{1,2}-[0-9]{1,4}号"
)
_SUBJECT = re.compile(
    r".{2,}(?:について|[(](?:通知|依頼|照会|回答|報告|伺い?|送付|案内|お知らせ|協議|申請|回議)[)])$"
)
_LABELLED = re.compile(r"件\s*名\s*[:：]?\s*(.{2,})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as it is cited; `day` is an ISO date or empty."""

    number: str = ""
    day: str = ""
    title: str = ""

    @property
    def citation(self) -> str:
        """「8総務第123号　令和8年5月1日　防災訓練の実施について」, without what is not known."""
        parts = (self.number, in_era(self.day), " ".join(self.title.split()))
        return GAP.join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Register:
    """Entries by the name of the file; `tables` are the files that the entries were read from.

    `missing` are files that are listed and were not there.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()

    def listed(self, name: str) -> str:
        """What the register says of a file; empty when it does not list it."""
        entry = self._entry(name)
        return entry.citation if entry else ""

    def cite(self, document: Document) -> str:
        """What a read record is cited as."""
        entry = self._entry(document.name)
        if entry is None:
            return describe(document).citation
        own = describe(document)
        return Entry(
            entry.number or own.number, entry.day or own.day, entry.title or own.title
        ).citation

    def _entry(self, name: str) -> Entry | None:
        path = PurePosixPath(name)
        return next(
            (self.entries[key] for key in (name, path.name, path.stem) if key in self.entries), None
        )


def describe(document: Document) -> Entry:
    """Number, date and subject as the head of a document says them."""
    lines = [line.strip() for line in _head(document) if line.strip()]
    plain = [unicodedata.normalize("NFKC", line) for line in lines]
    numbers = (found[0] for line in plain if (found := _NUMBER.search(line)))
    days = (day for line in plain if len(line) < 30 and (day := iso_date(line)))
    labelled = (found[1] for line in lines if (found := _LABELLED.fullmatch(line)))
    # As it is written: 「（通知）」 keeps its wide brackets.
    subjects = (
        line
        for line, folded in zip(lines, plain, strict=True)
        if len(line) < 80 and _SUBJECT.fullmatch(folded)
    )
    title = next(labelled, "") or next(subjects, "") or document.title
    return Entry(next(numbers, ""), next(days, ""), title or PurePosixPath(document.name).stem)


def _head(document: Document) -> Iterable[str]:
    """The first paragraphs and cells of a document."""
    for block in document.blocks[:HEAD_LINES]:
        yield from (block.text,) if block.text else (cell for row in block.rows for cell in row)


async def read_register(documents: Iterable[Incoming]) -> Register:
    """Find the registers among documents and read them.

    A table that cannot be read is left to whoever adds the documents: that says what is wrong.
    """
    waiting, _ = collect(documents)
    entries: dict[str, Entry] = {}
    tables: set[str] = set()
    async with Reader() as reader:
        for item in waiting:
            found = await _entries(item, reader)
            if found is not None:
                tables.add(item.name)
                entries.update(found)
    there = {key for item in waiting for key in _keys(item.name)}
    missing = tuple(name for name in entries if name not in there)
    return Register(entries, frozenset(tables), missing)


def _keys(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    return name, path.name, path.stem


async def _entries(item: Waiting, reader: Reader) -> dict[str, Entry] | None:
    """The rows of a register; None when the file is none."""
    if PurePosixPath(item.name).suffix.lower() not in TABLES:
        return None
    try:
        content = item.path.read_bytes() if item.path else item.content
        document = await reader.parse(item.name, content)
    except (OSError, UnreadableDocument):
        return None
    for block in document.blocks:
        columns = _columns(block.header)
        if all(name in columns for name in NEEDED):
            return dict(_rows(block.rows, columns))
    return None


def _columns(header: Sequence[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(header):
        title = "".join(unicodedata.normalize("NFKC", cell).split())
        known = next((name for name, words in COLUMNS.items() if title in words), "")
        if known:
            columns.setdefault(known, at)
    return columns


def _rows(rows: Sequence[Sequence[str]], columns: Mapping[str, int]) -> Iterable[tuple[str, Entry]]:
    for row in rows:
        cells = {name: row[at].strip() for name, at in columns.items()}
        if cells["file"]:
            day = cells.get("day", "")
            yield (
                unicodedata.normalize("NFC", cells["file"]).replace("\\", "/"),
                Entry(cells.get("number", ""), iso_date(day), cells["title"]),
            )


def in_era(day: str) -> str:
    """An ISO date as offices write it: 令和8年5月1日."""
    if not day:
        return ""
    when = date.fromisoformat(day)
    era = "令和" if when >= date(2019, 5, 1) else "平成" if when.year >= 1989 else ""
    year = when.year - ERAS[era] if era else when.year
    return f"{era}{'元' if era and year == 1 else year}年{when.month}月{when.day}日"
