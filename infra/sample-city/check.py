"""Check the sample documents and questions: everything opens, and every answer is really there."""

from __future__ import annotations

import json
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdfium2
from docx import Document
from openpyxl import load_workbook
from pptx import Presentation

HERE = Path(__file__).resolve().parent
KINDS = {"fact", "procedure", "table", "yesno", "unanswerable"}


class Reader(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def docx_text(path: Path) -> str:
    """Paragraphs, then the cells of the tables."""
    document: Any = Document(str(path))
    cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def xlsx_text(path: Path) -> str:
    """Sheet names, then the cells."""
    book = load_workbook(path)
    rows = [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
    cells = [str(value) for row in rows for value in row if value is not None]
    return "\n".join([*book.sheetnames, *cells])


def pptx_text(path: Path) -> str:
    """Text frames, tables and notes, slide by slide."""
    deck: Any = Presentation(str(path))
    lines: list[str] = []
    for slide in deck.slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                lines.append(shape.text_frame.text)
            if shape.has_table:
                lines += [cell.text for row in shape.table.rows for cell in row.cells]
        if slide.has_notes_slide:
            lines.append(slide.notes_slide.notes_text_frame.text)
    return "\n".join(lines)


def pdf_text(path: Path) -> str:
    """The text of the pages."""
    pages = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


def html_text(path: Path) -> str:
    """The text nodes."""
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return "".join(reader.parts)


def text_of(path: Path) -> str:
    """All the text of one document, as the plain library extracts it."""
    readers = {
        ".docx": docx_text,
        ".xlsx": xlsx_text,
        ".pptx": pptx_text,
        ".pdf": pdf_text,
        ".html": html_text,
    }
    reader = readers.get(path.suffix)
    return reader(path) if reader else path.read_text(encoding="utf-8")


def main() -> int:
    """Print the size of every document and every fault of the questions."""
    texts = {path.name: text_of(path) for path in sorted((HERE / "documents").iterdir())}
    for file, text in texts.items():
        print(f"{len(''.join(text.split())):6}  {file}")
    rows = (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions: list[dict[str, str | None]] = [json.loads(row) for row in rows]
    faults: list[str] = []
    for question in questions:
        name, answer, heading = question["document"], question["answer"], question["heading"]
        if question["kind"] not in KINDS or (question["kind"] == "unanswerable") != (name is None):
            faults.append(f"{question['id']}: kind")
        if name is None:
            continue
        if name not in texts:
            faults.append(f"{question['id']}: no document {name}")
        elif not answer or answer not in texts[name]:
            faults.append(f"{question['id']}: no answer {answer!r} in {name}")
        elif heading and heading not in texts[name]:
            faults.append(f"{question['id']}: no heading {heading!r} in {name}")
    for field in ("id", "question"):
        counts = Counter(q[field] for q in questions)
        faults += [f"twice: {value}" for value, n in counts.items() if n > 1]
    print(Counter(q["kind"] for q in questions), Counter(q["split"] for q in questions))
    print(Counter(q["document"] for q in questions))
    print("\n".join(faults) or "no faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
