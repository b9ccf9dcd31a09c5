"""The roll-forward samples: texts with what goes stale marked, built into Word documents.

⟦kind:text→suggestion⟧ goes stale (the suggestion is optional), ⟪text⟫ tempts but does not.
A line of | cells | is a row of a table, `> ` stands right, `= ` in the middle.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docx import Document as new_docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.text.paragraph import Paragraph

from skills.draft import roll, roster
from skills.draft.stale import Provision

DATA = Path(__file__).parent / "data" / "roll"
MARK = re.compile(r"⟦([^:⟧]+):([^→⟧]+)(?:→([^⟧]*))?⟧|⟪([^⟫]*)⟫")
RUN_LENGTHS = (3, 7, 2, 11, 5)


@dataclass(frozen=True)
class Mark:
    """A marked span of one line, without the marks."""

    line: str
    start: int
    end: int
    text: str
    kind: str
    suggestion: str

    @property
    def is_stale(self) -> bool:
        return bool(self.kind)


@dataclass(frozen=True)
class Sample:
    """One sample: `lines` in the order of the Word document, `marks` by the line's number."""

    name: str
    old: str
    new: str
    content: bytes
    lines: tuple[str, ...]
    marks: tuple[tuple[int, Mark], ...]
    roster: roster.Roster
    provisions: tuple[Provision, ...]

    @property
    def document(self) -> roll.Document:
        return roll.read(f"{self.name}.docx", self.content)


def samples(half: str) -> list[Sample]:
    """Every sample of "dev" or "heldout", by name."""
    return [_load(path) for path in sorted((DATA / half).glob("*.txt"))]


def _load(path: Path) -> Sample:
    text = path.read_text(encoding="utf-8")
    about = dict(re.findall(r"^# (\w+): (.+)$", text, re.MULTILINE))
    body = [line for line in text.splitlines() if not line.startswith("# ") and line.strip()]
    marks: list[tuple[int, Mark]] = []
    lines: list[str] = []
    document = new_docx()
    for block in _blocks(body):
        if isinstance(block, str):
            align = {"> ": WD_ALIGN_PARAGRAPH.RIGHT, "= ": WD_ALIGN_PARAGRAPH.CENTER}.get(block[:2])
            plain = _take(block[2:] if align is not None else block, lines, marks)
            paragraph = document.add_paragraph()
            paragraph.alignment = align
            _write(paragraph, plain, len(lines))
            continue
        table = document.add_table(rows=len(block), cols=len(block[0]), style="Table Grid")
        for row, cells in zip(table.rows, block, strict=True):
            for cell, marked in zip(row.cells, cells, strict=True):
                _write(cell.paragraphs[0], _take(marked, lines, marks), len(lines))
    made = io.BytesIO()
    document.save(made)
    listed = path.parent / about["roster"]
    return Sample(
        name=path.stem,
        old=about["old"],
        new=about["new"],
        content=made.getvalue(),
        lines=tuple(lines),
        marks=tuple(marks),
        roster=roster.load(listed.name, listed.read_bytes()),
        provisions=_provisions(path.parent / about.get("provisions", "none.json")),
    )


def _provisions(path: Path) -> tuple[Provision, ...]:
    if not path.exists():
        return ()
    return tuple(Provision(**row) for row in json.loads(path.read_text(encoding="utf-8")))


def _blocks(body: list[str]) -> Iterator[str | list[list[str]]]:
    """Lines as they are, rows that follow each other as one table."""
    table: list[list[str]] = []
    for line in [*body, ""]:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if table:
            yield table
            table = []
        if line:
            yield line


def _take(marked: str, lines: list[str], marks: list[tuple[int, Mark]]) -> str:
    """Keep a line without its marks, and where they stood."""
    plain, at = "", 0
    found: list[tuple[int, int, str, str, str]] = []
    for match in MARK.finditer(marked):
        plain += marked[at : match.start()]
        text = match[2] or match[4]
        found.append((len(plain), len(plain) + len(text), text, match[1] or "", match[3] or ""))
        plain += text
        at = match.end()
    plain += marked[at:]
    marks += [(len(lines), Mark(plain, *one)) for one in found]
    lines.append(plain)
    return plain


def _write(paragraph: Paragraph, text: str, number: int) -> None:
    """In runs that begin anywhere, as Word leaves them, some of them bold."""
    at = turn = 0
    while at < len(text):
        length = RUN_LENGTHS[(number + turn) % len(RUN_LENGTHS)]
        run = paragraph.add_run(text[at : at + length])
        run.bold = True if turn % 3 == 1 else None
        at, turn = at + length, turn + 1
