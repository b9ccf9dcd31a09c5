"""Imports python-docx: what an export writes into a document, and how to take it out again.

The mark of a draft at the top of every page, lines at its end, readings over its kanji.
"""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.text.run import Run

from skills.draft.document import paragraph_text, paragraphs

UNCONFIRMED = "【未確認】この文書は下書きです。内容を確認してからお使いください。"


def add_heading_mark(document: Any, text: str = UNCONFIRMED) -> None:
    """Put a line at the top of every page."""
    for number, section in enumerate(document.sections):
        heads = [section.header]
        if section.different_first_page_header_footer:
            heads.append(section.first_page_header)
        for head in heads:
            # What a later section takes over from the one before has its mark already.
            if number and head.is_linked_to_previous:
                continue
            first = head.paragraphs[0] if head.paragraphs else head.add_paragraph()
            run = first.insert_paragraph_before().add_run(text)
            run.font.size, run.font.color.rgb = Pt(9), RGBColor(0xC0, 0x00, 0x00)


def add_lines(document: Any, texts: Iterable[str], *, new_page: bool = False) -> None:
    """Add small plain lines at the end, on a page of their own when asked."""
    for number, text in enumerate(texts):
        paragraph = document.add_paragraph()
        if new_page and number == 0:
            paragraph.add_run().add_break(WD_BREAK.PAGE)
        paragraph.add_run(text).font.size = Pt(9)


def add_furigana(document: Any, read: Callable[[str], Sequence[tuple[str, str]]]) -> None:
    """Put readings over words, as Word's own ruby. `read` cuts a text into (part, reading)."""
    for paragraph in list(paragraphs(document)):
        # Not the runs inside what has its reading already.
        for element in paragraph.findall(qn("w:r")):
            run = Run(element, None)
            pieces = read(run.text) if run.text.strip() else []
            if not any(reading for _, reading in pieces):
                continue
            for text, reading in pieces:
                added = copy.deepcopy(element)
                element.addprevious(added)
                Run(added, None).text = text
                if reading:
                    _put_over(added, reading)
            paragraph.remove(element)


def _put_over(run: Any, reading: str) -> None:
    """Wrap the text of a run into a ruby element, the reading half as high as the text."""
    base = copy.deepcopy(run)
    over = copy.deepcopy(run)
    size = Run(run, None).font.size or Pt(14)
    Run(over, None).text, Run(over, None).font.size = reading, int(size / 2)
    about = OxmlElement("w:rubyPr")
    for name, value in (
        ("rubyAlign", "distributeSpace"),
        ("hps", str(int(size.pt))),
        ("hpsRaise", str(int(size.pt * 2 * 0.9))),
        ("hpsBaseText", str(int(size.pt * 2))),
        ("lid", "ja-JP"),
    ):
        element = OxmlElement(f"w:{name}")
        element.set(qn("w:val"), value)
        about.append(element)
    ruby = OxmlElement("w:ruby")
    ruby.append(about)
    for name, part in (("rt", over), ("rubyBase", base)):
        element = OxmlElement(f"w:{name}")
        element.append(part)
        ruby.append(element)
    for old in [child for child in run if child.tag != qn("w:rPr")]:
        run.remove(old)
    run.append(ruby)


def remove_marks(document: Any, marks: Sequence[str]) -> None:
    """Take out what an export wrote into a draft: lines that begin with a mark.

    From the first mark of `marks` on, everything to the end of the text goes: that is the page
    of excerpts. The others are single lines, in headers too.
    """
    page, *single = marks
    for paragraph in list(paragraphs(document)):
        if paragraph_text(paragraph).startswith(tuple(single)):
            paragraph.getparent().remove(paragraph)
    body = document.element.body
    started = False
    for element in list(body.iterchildren()):
        started = started or (element.tag == qn("w:p") and paragraph_text(element).startswith(page))
        if started and element.tag != qn("w:sectPr"):
            body.remove(element)


def packed(document: Any) -> bytes:
    """The bytes of a document as it stands."""
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def save(document: Any, *, title: str, author: str, at: datetime) -> bytes:
    """The bytes of a document: the same document at the same time gives the same bytes."""
    about = document.core_properties
    about.title, about.author, about.last_modified_by = title[:200], author, author
    about.created = about.modified = at.replace(tzinfo=None, microsecond=0)
    still_open = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed(document))) as source,
        zipfile.ZipFile(still_open, "w") as target,
    ):
        for item in source.infolist():
            still = zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0))
            still.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(still, source.read(item))
    return still_open.getvalue()
