"""Imports python-docx: a Word template and values into a document, and its lines.

A template is an ordinary Word file with slots such as {{件名}}. A paragraph whose slots are all
empty is dropped, one that holds a single slot with many lines is repeated for each line, and what
has no value stands as a marked 【要記入】. Everything else of the file stays as it was.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from bot import BadInput
from skills.draft import numbering

MISSING = "【要記入】"
COUNTER, OPTIONAL, CONDITION = "番号", "任意", "あれば:"
SLOT = re.compile(r"\{\{\s*([^{}\n]{1,60}?)\s*\}\}")
LEAST_ECHO = 3
MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 40 * 1024 * 1024
_MACROS = ("vbaproject", "vbadata", ".docm", "macroenabled")
_W = qn("w:t")
"""Slot → its text; None when nothing supports a value, "" when the paragraph is to be dropped."""
Values = Mapping[str, str | None]


def open_word(content: bytes, name: str) -> Any:
    """Open a Word file that somebody else made. Raises BadInput when it is broken or has macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = [item.filename.lower() for item in packed.infolist()]
            size = sum(item.file_size for item in packed.infolist())
            types = packed.read("[Content_Types].xml").lower() if size <= MOST_UNPACKED else b""
    except (zipfile.BadZipFile, KeyError, RuntimeError) as error:
        raise BadInput("docx", remedy=_broken(name)) from error
    if any(mark in item for item in names for mark in _MACROS) or b"macroenabled" in types:
        raise BadInput(
            "macro",
            remedy=f"{name}にはマクロが入っています。マクロのない .docx で保存し直してください。",
        )
    if len(content) > MOST_BYTES or size > MOST_UNPACKED:
        raise BadInput("docx size", remedy=f"{name}は大きすぎます。5MBまでにしてください。")
    try:
        return Document(io.BytesIO(content))
    except Exception as error:  # python-docx and lxml raise what they like about a broken file
        raise BadInput("docx", remedy=_broken(name)) from error


def _broken(name: str) -> str:
    return f"{name}を Word の文書として開けません。Word で開いて、保存し直してください。"


def slots(document: Any) -> list[str]:
    """The slots in a template as they are written, 「開催日:曜日」, in order, each once."""
    found = (name for part in paragraphs(document) for name in SLOT.findall(paragraph_text(part)))
    return list(dict.fromkeys(found))


def fill(document: Any, values: Values, *, short: bool = False) -> None:
    """Put values into the slots.

    A paragraph with {{あれば:名前}} stays only when that value is there; `short` leaves out those
    that begin with {{任意}}. {{番号}} counts the items that are left.
    """
    count, styles = 0, _styles(document)
    for paragraph in list(paragraphs(document)):
        text = paragraph_text(paragraph)
        names = SLOT.findall(text)
        if not names:
            continue
        given = [name for name in names if not _is_control(name)]
        is_empty = bool(given) and all(values.get(name) == "" for name in given)
        lacks = any(not values.get(name) for name in names if name.startswith(CONDITION))
        if is_empty or lacks or (short and OPTIONAL in names):
            _drop(paragraph)
            continue
        count += COUNTER in names
        count += _fill_paragraph(
            paragraph, text, {**values, COUNTER: numbering.figure(count)}, styles
        )


def _is_control(name: str) -> bool:
    return name in (COUNTER, OPTIONAL) or name.startswith(CONDITION)


def _fill_paragraph(paragraph: Any, text: str, values: Values, styles: Mapping[str, Any]) -> int:
    """Fill one paragraph; returns how many items of the first level it became."""
    whole = SLOT.fullmatch(text.strip())
    many = (values.get(whole[1]) or "").split("\n") if whole else []
    if len(many) > 1 or (many and numbering.level(many[0])):
        for line in many:
            _repeat(paragraph, line, styles)
        paragraph.getparent().remove(paragraph)
        return sum(numbering.level(line) == 1 for line in many)
    label = SLOT.sub("", text)

    def put(match: re.Match[str]) -> str:
        if match[1] == OPTIONAL or match[1].startswith(CONDITION):
            return ""
        value = values.get(match[1])
        if value is None:
            return _asked(match[1], label)
        return without_echo(value, match.string[match.end() :])

    replace(paragraph, SLOT, put)
    _mark_missing(paragraph)
    return 0


def without_echo(value: str, following: str) -> str:
    """A value without its end when the template says the same next.

    「訓練について」 before 「について（通知）」 is 「訓練」. Fewer than LEAST_ECHO characters
    may be chance.
    """
    longest = min(len(value) - 1, len(following))
    for size in range(longest, LEAST_ECHO - 1, -1):
        if value.endswith(following[:size]):
            return value[:-size]
    return value


def _asked(name: str, label: str) -> str:
    """What stands where nothing supports a value; it names the value when the line does not."""
    name = name.partition(":")[0]
    return MISSING if name in label.replace("　", "") else f"{MISSING}（{name}）"


def _repeat(paragraph: Any, line: str, styles: Mapping[str, Any]) -> None:
    """Add a copy of a paragraph that holds one line, indented by its number.

    Items of the first level stay where the template lets them hang.
    """
    added = copy.deepcopy(paragraph)
    paragraph.addprevious(added)
    replace(added, SLOT, lambda _: line)
    depth = numbering.level(line)
    hangs = _indents(_abouts(added, styles))[2] > 0
    if depth > 1 or (depth == 1 and not hangs):
        _indent(added, numbering.indent(line, depth))
    _mark_missing(added)


def _indent(paragraph: Any, indent: tuple[int, int]) -> None:
    """Set (left, hanging) in hundredths of a character, as Word counts them."""
    about = paragraph.get_or_add_pPr()
    for old in about.findall(qn("w:ind")):
        about.remove(old)
    left, hanging = indent
    size = 240  # twentieths of a point at 12pt: for readers that do not know characters
    element = about.get_or_add_ind()
    element.set(qn("w:leftChars"), str(left))
    element.set(qn("w:left"), str(left * size // 100))
    element.set(qn("w:hangingChars"), str(hanging))
    element.set(qn("w:hanging"), str(hanging * size // 100))


def replace(paragraph: Any, pattern: re.Pattern[str], put: Callable[[re.Match[str]], str]) -> None:
    """Replace what a pattern finds in a paragraph, also where Word has spread it over runs.

    The first run that a text touches keeps its look for what is put there.
    """
    parts = _parts(paragraph)
    whole = "".join(part.text or "" for part in parts)
    # From the end: what is put in does not move what is still to be replaced.
    for match in reversed(list(pattern.finditer(whole))):
        _put(parts, match.start(), match.end(), put(match))
    for part in parts:
        if "\n" in (part.text or ""):
            _break_lines(part)


def _put(parts: Sequence[Any], start: int, end: int, new: str) -> None:
    at = 0
    for part in parts:
        text = part.text or ""
        first, last = max(start - at, 0), min(end - at, len(text))
        at += len(text)
        if first < last:
            part.text = text[:first] + new + text[last:]
            part.set(qn("xml:space"), "preserve")
            new = ""


def _break_lines(part: Any) -> None:
    """Write the line breaks of a text as Word's own."""
    first, *rest = part.text.split("\n")
    part.text = first
    for line in reversed(rest):
        text = OxmlElement("w:t")
        text.text = line
        text.set(qn("xml:space"), "preserve")
        part.addnext(text)
        part.addnext(OxmlElement("w:br"))


def _mark_missing(paragraph: Any) -> None:
    """Give every 【要記入】 a yellow ground, in a run of its own."""
    for run in list(Paragraph(paragraph, None).runs):
        if MISSING not in run.text or run.text == MISSING:
            pieces = [run.text] if run.text == MISSING else []
        else:
            pieces = [piece for piece in re.split(f"({MISSING})", run.text) if piece]
        if not pieces:
            continue
        element = run._r
        for piece in pieces:
            added = copy.deepcopy(element)
            element.addprevious(added)
            part = Run(added, None)
            part.text = piece
            if piece == MISSING:
                part.font.highlight_color = WD_COLOR_INDEX.YELLOW
        element.getparent().remove(element)


def _drop(paragraph: Any) -> None:
    """Take a paragraph out; its table row as well when nothing else is in it."""
    cell = paragraph.getparent()
    if cell.tag != qn("w:tc"):
        cell.remove(paragraph)
        return
    row = cell.getparent()
    if len(cell.findall(qn("w:p"))) > 1:
        cell.remove(paragraph)
    elif len(row.findall(qn("w:tc"))) <= 2:
        row.getparent().remove(row)
    else:
        for part in paragraph.iter(_W):
            part.text = ""


def paragraphs(document: Any) -> Iterator[Any]:
    """Every paragraph: of the text, tables and boxes, of headers and footers."""
    yield from document.element.body.iter(qn("w:p"))
    for relation in document.part.rels.values():
        if relation.reltype.rsplit("/", 1)[-1] in ("header", "footer"):
            yield from relation.target_part.element.iter(qn("w:p"))


def _parts(paragraph: Any) -> list[Any]:
    """The texts of a paragraph; furigana says nothing new."""
    return [part for part in paragraph.iter(_W) if not _is_furigana(part)]


def _is_furigana(part: Any) -> bool:
    return bool(part.getparent().getparent().tag == qn("w:rt"))


def paragraph_text(paragraph: Any) -> str:
    """The words of a paragraph, without line breaks."""
    return "".join(part.text or "" for part in _parts(paragraph))


def lines(document: Any) -> list[str]:
    """The document as plain lines: indents as spaces, a table row as cells between bars."""
    styles = _styles(document)
    found: list[str] = []
    for element in document.element.body.iterchildren():
        if element.tag == qn("w:p"):
            indent = "　" * _first_column(element, styles)
            found += (indent + _whole_text(element)).split("\n")
        elif element.tag == qn("w:tbl"):
            found += _rows(element)
    return [line.rstrip() for line in found]


def _rows(table: Any) -> Iterator[str]:
    for row in table.iter(qn("w:tr")):
        cells = [
            "／".join(_whole_text(part).replace("\n", "／") for part in cell.iter(qn("w:p")))
            for cell in row.findall(qn("w:tc"))
        ]
        if any(cells):
            yield "｜".join(cells)


def _whole_text(paragraph: Any) -> str:
    """The text of a paragraph with its line breaks and tabs."""
    return "".join(
        "\n" if part.tag == qn("w:br") else "　" if part.tag == qn("w:tab") else part.text or ""
        for part in paragraph.iter(_W, qn("w:br"), qn("w:tab"))
        if part.getparent().tag == qn("w:r") and not _is_furigana(part)
    )


def _first_column(paragraph: Any, styles: Mapping[str, Any]) -> int:
    """Where a first line begins, in whole characters.

    A line that stands at the right or in the middle begins nowhere in particular.
    """
    abouts = _abouts(paragraph, styles)
    if any(about.find(qn("w:jc")) is not None for about in abouts):
        return 0
    left, first, hanging = _indents(abouts)
    return max(0, min(10, (left + first - hanging) // 100))


def _styles(document: Any) -> dict[str, Any]:
    """The paragraph settings of each style by its id."""
    return {
        style.get(qn("w:styleId")): style.find(qn("w:pPr"))
        for style in document.styles.element.findall(qn("w:style"))
    }


def _abouts(paragraph: Any, styles: Mapping[str, Any]) -> list[Any]:
    """The settings of a paragraph: its own, then its style's."""
    own = paragraph.find(qn("w:pPr"))
    named = None if own is None else own.find(qn("w:pStyle"))
    style = None if named is None else styles.get(named.get(qn("w:val")))
    return [about for about in (own, style) if about is not None]


def _indents(abouts: Sequence[Any]) -> tuple[int, int, int]:
    """(left, first line, hanging) in hundredths of a character, as the first settings say."""
    found = (about.find(qn("w:ind")) for about in abouts)
    indent = next((item for item in found if item is not None), None)
    if indent is None:
        return 0, 0, 0
    names = ("leftChars", "firstLineChars", "hangingChars")
    left, first, hanging = (int(indent.get(qn(f"w:{name}"), "0")) for name in names)
    return left, first, hanging
