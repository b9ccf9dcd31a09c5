"""Minutes as Word and back. In this skill the only file that imports python-docx."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.document import Document as Word
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.exceptions import OpcError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from bot import BadInput
from skills.minutes.paper import Paper, Part

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
IDENTIFIER = re.compile(r"shomu:minutes ([0-9A-Za-z-]{1,64}) (\d{1,4})")
# What Word calls 明朝 and ゴシック on the machines of an office.
MINCHO, GOTHIC = "ＭＳ 明朝", "ＭＳ ゴシック"
BODY = Pt(10.5)
TEXT_WIDTH = Mm(160)
# python-docx fails on a broken file in whatever way its parts do; bad XML is a SyntaxError.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    OpcError,
    LookupError,
    ValueError,
    AttributeError,
    TypeError,
    SyntaxError,
    OSError,
    EOFError,
    NotImplementedError,
)
LARGEST_UNPACKED = 60 * 1024 * 1024
GREY = RGBColor(0x59, 0x59, 0x59)
# Widths of the columns in millimetres, by how many there are.
WIDTHS = {2: (32, 128), 4: (13, 65, 34, 48)}
CARRIED_WIDTHS = (62, 28, 48, 22)
_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")


def write(paper: Paper) -> bytes:
    """The document as the bytes of a .docx, A4 upright."""
    word = Document()
    _set_up(word, paper)
    title = word.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_after = Pt(12)
    _run(title, paper.title, font=GOTHIC, size=Pt(16))
    if paper.rows:
        _head(word, paper)
    chapter = 0
    for part in paper.parts:
        chapter += part.level == 1
        _part(word, part, chapter)
    content = io.BytesIO()
    word.save(content)
    return content.getvalue()


def _set_up(word: Word, paper: Paper) -> None:
    """Paper, fonts, the state at the top and the page numbers at the foot."""
    section = word.sections[0]
    section.start_type = WD_SECTION.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(25)
    section.top_margin, section.bottom_margin = Mm(25), Mm(22)
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = MINCHO, BODY
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), MINCHO)
    normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing = 1.25
    for level in (1, 2):
        style = word.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.bold = (
            GOTHIC,
            Pt(12 if level == 1 else 10.5),
            False,
        )
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for name in list(fonts.attrib):
            del fonts.attrib[name]
        for script in ("w:ascii", "w:hAnsi", "w:eastAsia"):
            fonts.set(qn(script), GOTHIC)
        style.paragraph_format.space_before = Pt(14 if level == 1 else 8)
        style.paragraph_format.space_after = Pt(4 if level == 1 else 2)
        style.paragraph_format.keep_with_next = True
    properties = word.core_properties
    properties.title, properties.author = paper.title, "庶務"
    properties.identifier = f"shomu:minutes {paper.key} {paper.version}"
    properties.language = "ja-JP"
    if paper.mark:
        top = section.header.paragraphs[0]
        top.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _run(top, paper.mark, font=GOTHIC, size=Pt(10.5))
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _field(foot, "PAGE")
    _run(foot, " / ", size=Pt(9))
    _field(foot, "NUMPAGES")
    for note in paper.notes:
        # On every page: a page that is passed on alone says it too.
        line = section.footer.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(line, note, size=Pt(8), colour=GREY)


def _head(word: Word, paper: Paper) -> None:
    """Name, day, place and people of the meeting, as a table of two columns."""
    table = _table(word, len(paper.rows), WIDTHS[2])
    for row, (name, value) in zip(table.rows, paper.rows, strict=True):
        _shade(row.cells[0])
        _cell(row.cells[0], name, font=GOTHIC)
        _cell(row.cells[1], value)


def _part(word: Word, part: Part, chapter: int) -> None:
    if part.heading:
        number = f"{chapter}".translate(_DIGITS) + "　" if part.level == 1 else ""
        word.add_heading(number + part.heading, part.level)
    if part.header:
        widths = CARRIED_WIDTHS if part.name == "前回からの対応" else WIDTHS[4]
        table = _table(word, len(part.rows) + 1, widths)
        _repeat(table.rows[0])
        for cell, name in zip(table.rows[0].cells, part.header, strict=True):
            _shade(cell)
            _cell(cell, name, font=GOTHIC, is_centred=True)
        for row, values in zip(table.rows[1:], part.rows, strict=True):
            for cell, value in zip(row.cells, values, strict=True):
                # The words that were said stand under the day they mean.
                value = re.sub(r"(?<=）)［", "\n［", value)
                _cell(cell, value, is_centred=value.isdecimal())
    for position, line in enumerate(part.lines, 1):
        mark = f"（{position}）".translate(_DIGITS) if part.is_list else ""
        _hang(word.add_paragraph(mark + line), part)
    for speaker, words, at in part.speech:
        _speech(word, speaker, words, at)


def _hang(paragraph: Paragraph, part: Part) -> None:
    """Set in from the heading; the second line of a list stands under the words of the first."""
    layout = paragraph.paragraph_format
    layout.space_after = Pt(3)
    if part.is_list:
        layout.left_indent, layout.first_line_indent = Pt(42), Pt(-31.5)
    elif part.name == "質疑":
        is_answer = paragraph.text.startswith("答")
        layout.left_indent, layout.first_line_indent = Pt(31.5), Pt(-21)
        layout.space_after = Pt(8 if is_answer else 1)
        layout.keep_with_next = not is_answer
    else:
        layout.left_indent, layout.first_line_indent = Pt(10.5), BODY


def _speech(word: Word, speaker: str, words: str, at: str) -> None:
    paragraph = word.add_paragraph()
    layout = paragraph.paragraph_format
    layout.left_indent, layout.first_line_indent = Pt(21), Pt(-10.5)
    layout.space_after = Pt(5)
    if speaker:
        _run(paragraph, f"○{speaker}", font=GOTHIC)
    if at:
        _run(paragraph, f"（{at}）", size=Pt(8), colour=GREY)
    _run(paragraph, f"　{words}")


def _table(word: Word, height: int, widths: tuple[int, ...]) -> Table:
    table = word.add_table(height, len(widths))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    for row in table.rows:
        # A row is read as a whole: it does not break over two pages.
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return table


def _cell(cell: _Cell, text: str, *, font: str = MINCHO, is_centred: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    paragraph.paragraph_format.line_spacing = 1.1
    if is_centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, text, font=font, size=Pt(10))


def _run(
    paragraph: Paragraph,
    text: str,
    *,
    font: str = MINCHO,
    size: Pt = BODY,
    colour: RGBColor | None = None,
) -> None:
    run = paragraph.add_run(_printable(text))
    run.font.name, run.font.size = font, size
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if colour is not None:
        run.font.color.rgb = colour


def _printable(text: str) -> str:
    """Text that XML can hold: a transcript may bring control characters along."""
    return "".join(letter for letter in text if letter in "\t\n" or letter >= " ")


def _field(paragraph: Paragraph, code: str) -> None:
    """A number that Word fills in."""
    run = paragraph.add_run()
    run.font.size = Pt(9)
    for kind, text in (("begin", ""), ("", code), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _shade(cell: _Cell) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F2F2F2")):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _repeat(row: Any) -> None:
    """The head of a table stands again on the next page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def key_of(content: bytes) -> str:
    """Which minutes a file is an edited copy of; empty when it is none of ours."""
    try:
        return _mark(_open(content))[0]
    except BadInput:
        return ""


def read(content: bytes) -> Paper:
    """Read an edited copy: rows, headings with their lists and tables. Raises BadInput."""
    word = _open(content)
    rows: list[tuple[str, str]] = []
    parts: list[Part] = []
    for block in _blocks(word):
        if isinstance(block, Table):
            cells = [tuple(cell.text.strip() for cell in row.cells) for row in block.rows]
            if parts:
                last = parts.pop()
                header, body = (cells[0], tuple(cells[1:])) if cells else ((), ())
                parts.append(
                    Part("", last.heading, last.level, last.lines, header=header, rows=body)
                )
            else:
                rows += [(row[0], row[1]) for row in cells if len(row) == 2]
            continue
        style = block.style.name if block.style is not None else ""
        text = block.text.strip()
        if style.startswith("Heading ") and text:
            parts.append(Part("", _unnumbered(text), int(style[-1])))
        elif text and parts:
            last = parts.pop()
            lines = (*last.lines, _unlisted(text))
            parts.append(
                Part("", last.heading, last.level, lines, header=last.header, rows=last.rows)
            )
    key, version = _mark(word)
    return Paper(key, "", "", tuple(rows), tuple(parts), version=version)


def _mark(word: Word) -> tuple[str, int]:
    """Which minutes a document was written from, and which version of them."""
    found = IDENTIFIER.fullmatch(word.core_properties.identifier)
    return (found[1], int(found[2])) if found else ("", 0)


def _open(content: bytes) -> Word:
    """Open a .docx that may be anything. Raises BadInput."""
    wrong = BadInput(
        "not a docx",
        remedy="Word の文書（.docx）として開けません。"
        "Word で保存し直して、もう一度お送りください。",
    )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                raise wrong
        return Document(io.BytesIO(content))
    except BROKEN as error:
        raise wrong from error


def _blocks(word: Word) -> Iterator[Paragraph | Table]:
    for element in word.element.body.iterchildren():
        if element.tag == qn("w:p"):
            yield Paragraph(element, word)
        elif element.tag == qn("w:tbl"):
            yield Table(element, word)


def _unnumbered(heading: str) -> str:
    """「３　決定事項」 → 「決定事項」."""
    return heading.lstrip("0123456789０１２３４５６７８９").strip("　 .．、")


def _unlisted(line: str) -> str:
    """「（１）鍵を借ります。」 → 「鍵を借ります。」"""
    mark, found, rest = line.partition("）")
    is_number = bool(found) and mark[:1] in "（(" and mark[1:].isdecimal()
    return rest.strip() if is_number else line
