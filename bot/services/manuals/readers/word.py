"""The only file that imports mammoth: Word documents by their headings, lists and tables."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

import mammoth

from bot.services.manuals.readers.document import Document, Unreadable
from bot.services.manuals.readers.gate import broken
from bot.services.manuals.readers.markup import read_markup

STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='表題'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
r[style-name='Strong'] => strong
"""
MODIFIED = "{http://purl.org/dc/terms/}modified"
TITLE = "{http://purl.org/dc/elements/1.1/}title"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARAGRAPH, _TEXT = f"{_W}p", f"{_W}t"
_MARKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
# Formatting, furigana, what was deleted with change tracking, and the second copy of a text box.
_SKIPPED = frozenset(
    {
        *(f"{_W}{name}" for name in ("pPr", "rPr", "rt", "del", "moveFrom")),
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    }
)


def read(name: str, content: bytes) -> Document:
    try:
        # Pictures are not read; without this each becomes megabytes of base64.
        pictures = mammoth.images.img_element(lambda image: {"src": ""})
        html = mammoth.convert_to_html(
            io.BytesIO(content), style_map=STYLES, convert_image=pictures
        ).value
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError, SyntaxError) as error:
        raise broken() from error
    _, blocks = read_markup(html)
    if not blocks:
        raise Unreadable(
            "文字がありません", "文章が画像で貼られている場合は、文字で入力し直してください。"
        )
    title, modified, hidden = _about(content)
    warnings = ("隠し文字が含まれています。内容を確認してください。",) if hidden else ()
    return Document(
        name=name,
        title=title,
        revised=modified,
        blocks=tuple(blocks),
        warnings=warnings,
        lines=tuple(_lines(content)),
    )


def _about(content: bytes) -> tuple[str, str, bool]:
    """Title and day of last change from the core properties, and whether text is hidden."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        body = archive.read("word/document.xml")
        hidden = re.search(rb"<w:vanish\s{0,4}/>", body) is not None
        if "docProps/core.xml" not in archive.namelist():
            return "", "", hidden
        # The gate has refused every DTD, so this cannot expand or fetch anything.
        root = ElementTree.fromstring(archive.read("docProps/core.xml"))  # noqa: S314
    title = (root.findtext(TITLE) or "").strip()
    return title, (root.findtext(MODIFIED) or "")[:10], hidden


def _lines(content: bytes) -> Iterator[str]:
    """Every paragraph of the body, also in tables and text boxes, in reading order."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))  # noqa: S314
    for paragraph in _paragraphs(root):
        yield from "".join(_words(paragraph)).split("\n")


def _paragraphs(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for part in element:
        if part.tag == _PARAGRAPH:
            yield part
        if part.tag not in _SKIPPED:
            yield from _paragraphs(part)


def _words(element: ElementTree.Element) -> Iterator[str]:
    """The words of a paragraph without those of paragraphs inside it."""
    for part in element:
        if part.tag == _TEXT:
            yield part.text or ""
        elif part.tag in _MARKS:
            yield _MARKS[part.tag]
        elif part.tag not in _SKIPPED and part.tag != _PARAGRAPH:
            yield from _words(part)
