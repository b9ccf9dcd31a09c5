"""Imports python-docx: a Word document as lines, with some words changed, and two texts in a table.

A line is what stands between two paragraph marks, wherever it stands: in the body, in a table, in
a text box, in a header. Words are changed inside the runs they are in, so all formatting stays.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docx import Document as open_docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from bot import BadInput
from skills.draft.stale.lines import Line

FONT = "ＭＳ 明朝"
SAME = "（略）"
Change = tuple[int, int, str]
# A piece of a line, and whether it is one that changed.
Part = tuple[str, bool]
_TEXT, _TAB, _BREAKS = qn("w:t"), qn("w:tab"), (qn("w:br"), qn("w:cr"))
_PARAGRAPH, _TABLE, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tc")
# Furigana is no part of the words; what was deleted with change tracking is no text any more.
_SKIPPED = (qn("w:rt"), qn("w:del"), qn("w:pPr"), qn("w:rPr"))
# The second copy of a text box, for Word 2007.
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SHARED = (("header", "ヘッダー"), ("footer", "フッター"))


def lines(name: str, content: bytes) -> tuple[Line, ...]:
    """Every line of a Word document, the empty ones too, in a fixed order.

    Raises BadInput for a file that cannot be opened. `Context.text` is what looks at a file from
    outside first, in a process of its own: macros, passwords, what unpacks to gigabytes.
    """
    return tuple(line for _, line in _lines(_open(name, content)))


def changed(name: str, content: bytes, changes: Mapping[int, Sequence[Change]]) -> bytes:
    """The document with (start, end, new text) done in each line of that number."""
    document = _open(name, content)
    for number, (paragraph, _) in enumerate(list(_lines(document))):
        for start, end, text in sorted(changes.get(number, ()), reverse=True):
            _replace(paragraph, start, end, text)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def side_by_side(
    title: str,
    heads: tuple[str, str],
    rows: Sequence[tuple[Sequence[Part], Sequence[Part]] | None],
) -> bytes:
    """Two columns on A4 landscape, what changed underlined; None is a run of lines left out."""
    document = open_docx()
    _set_page(document)
    head = document.add_paragraph()
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    head.add_run(title).font.size = Pt(14)
    document.add_paragraph("（下線部分は変更箇所）").alignment = WD_ALIGN_PARAGRAPH.RIGHT
    table = document.add_table(rows=1, cols=2, style="Table Grid")
    table.autofit = False
    for cell, text in zip(table.rows[0].cells, heads, strict=True):
        _write(cell.paragraphs[0], [(text, False)], is_centred=True)
        _shade(cell)
    _mark_row(table.rows[0], "w:tblHeader")  # it stands on every page
    for sides in rows:
        row = table.add_row()
        _mark_row(row, "w:cantSplit")
        same = ([(SAME, False)], [(SAME, False)])
        for cell, parts in zip(row.cells, sides or same, strict=True):
            _write(cell.paragraphs[0], parts, is_centred=sides is None)
    for row in table.rows:
        for cell in row.cells:
            cell.width = Mm(128.5)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _set_page(document: Any) -> None:
    section, style = document.sections[0], document.styles["Normal"]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    style.font.name, style.font.size = FONT, Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(2)


def _write(paragraph: Any, parts: Sequence[Part], *, is_centred: bool) -> None:
    if is_centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, is_changed in parts:
        paragraph.add_run(text).underline = is_changed or None


def _shade(cell: Any) -> None:
    shading = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "EDEDED")):
        shading.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shading)


def _mark_row(row: Any, mark: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(mark))


def _open(name: str, content: bytes) -> Any:
    try:
        document = open_docx(io.BytesIO(content))
    # python-docx and lxml raise what they like about a broken file.
    except Exception as error:
        raise BadInput(
            "docx",
            remedy=f"「{name}」を Word の文書として開けません。"
            "Word で開けるか確かめて、docx で保存し直してください。",
        ) from error
    for copy in list(document.element.iter(_FALLBACK)):
        copy.getparent().remove(copy)  # it would keep the old words
    return document


def _lines(document: Any) -> Iterator[tuple[Any, Line]]:
    """Paragraph elements with their lines: the body, then headers and footers, each once."""
    yield from _of_body(document.element.body, "")
    seen: set[int] = set()
    for section in document.sections:
        for attribute, title in _SHARED:
            part = getattr(section, attribute)
            if part.is_linked_to_previous or id(part._element) in seen:
                continue
            seen.add(id(part._element))
            yield from _of_body(part._element, title)


def _of_body(body: Any, where: str) -> Iterator[tuple[Any, Line]]:
    count = tables = 0
    for block in body.iter(_PARAGRAPH, _TABLE):
        if block.tag == _TABLE:
            if _cell_of(block) is None:  # a table inside a cell is read with that cell's
                tables += 1
                yield from _of_table(block, f"{where}表{tables}")
            continue
        if _cell_of(block) is not None:
            continue
        text = _text(block)
        count += bool(text.strip())
        yield block, Line(text, f"{where}{count}段落目" if text.strip() else "")


def _of_table(table: Any, title: str) -> Iterator[tuple[Any, Line]]:
    rows = [list(row.iterchildren(_CELL)) for row in table.iterchildren(qn("w:tr"))]
    texts = [tuple(_cell_text(cell) for cell in row) for row in rows]
    width = max((len(row) for row in texts), default=0)
    columns = [tuple(row[place] for row in texts if place < len(row)) for place in range(width)]
    for at, row in enumerate(rows):
        for place, cell in enumerate(row):
            for paragraph in cell.iter(_PARAGRAPH):
                where = f"{title}の{at + 1}行目・{place + 1}列目"
                yield (
                    paragraph,
                    Line(_text(paragraph), where, texts[at], columns[place], columns[0]),
                )


def _cell_of(element: Any) -> Any:
    """The cell an element stands in, or None."""
    return next(element.iterancestors(_CELL), None)


def _cell_text(cell: Any) -> str:
    return "\n".join(_text(paragraph) for paragraph in cell.iter(_PARAGRAPH)).strip()


def _text(paragraph: Any) -> str:
    return "".join(text for _, text in _pieces(paragraph))


def _pieces(paragraph: Any) -> Iterator[tuple[Any, str]]:
    """The pieces of a paragraph's text in order: (text element or None, its letters)."""
    waiting = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        if element.tag == _TEXT:
            yield element, element.text or ""
        elif element.tag == _TAB:
            yield None, "\t"
        elif element.tag in _BREAKS:
            yield None, "\n"
        elif element.tag != _PARAGRAPH and element.tag not in _SKIPPED:
            # A paragraph inside a paragraph is that of a text box: a line of its own.
            waiting.extend(reversed(element))


def _replace(paragraph: Any, start: int, end: int, text: str) -> None:
    """Put `text` in the place of the letters start to end, in the first run they stand in."""
    at, is_put = 0, False
    for element, letters in list(_pieces(paragraph)):
        first, last = max(start - at, 0), min(end - at, len(letters))
        at += len(letters)
        if element is None or first >= last:
            continue
        element.text = letters[:first] + ("" if is_put else text) + letters[last:]
        element.set(qn("xml:space"), "preserve")
        is_put = True
