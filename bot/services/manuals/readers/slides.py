"""The only file that imports pptx (python-pptx): slides by title, text and tables."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from pptx import Presentation
from pptx.exc import PythonPptxError

from bot.services.manuals.readers.document import Block, Document, Unreadable, span, table
from bot.services.manuals.readers.gate import broken

MAX_DEPTH = 8


def read(name: str, content: bytes) -> Document:
    try:
        deck = Presentation(io.BytesIO(content))
        slides = list(deck.slides)
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError, PythonPptxError) as error:
        raise broken() from error
    blocks: list[Block] = []
    hidden = []
    for number, slide in enumerate(slides, 1):
        if slide.element.get("show") == "0":
            hidden.append(str(number))
            continue
        blocks += _slide(slide, f"スライド{number}")
    if not blocks:
        raise Unreadable(
            "文字がありません", "文章が画像で貼られている場合は、文字で入力し直してください。"
        )
    properties = deck.core_properties
    modified = properties.modified.date().isoformat() if properties.modified else ""
    warnings = (f"非表示のスライド {'、'.join(hidden)} は読みませんでした。",) if hidden else ()
    return Document(
        name=name,
        title=(properties.title or "").strip(),
        revised=modified,
        blocks=tuple(blocks),
        warnings=warnings,
    )


def _slide(slide: Any, page: str) -> list[Block]:
    title = slide.shapes.title
    words = " ".join(title.text_frame.text.split()) if title is not None else ""
    # A slide without a title must not read as part of the one before it.
    blocks = [Block(text=words or page, level=1, page=page)]
    for shape in _shapes(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if getattr(shape, "has_table", False):
            blocks += table(_rows(shape.table), page=page)
        elif getattr(shape, "has_text_frame", False):
            blocks += _lines(shape.text_frame, page)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        blocks += _lines(slide.notes_slide.notes_text_frame, page)
    return blocks if len(blocks) > 1 or words else []


def _shapes(shapes: Any, depth: int = 0) -> Iterator[Any]:
    for shape in shapes:
        if hasattr(shape, "shapes") and depth < MAX_DEPTH:
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _lines(frame: Any, page: str) -> list[Block]:
    texts = (" ".join(paragraph.text.split()) for paragraph in frame.paragraphs)
    return [Block(text=text, page=page, is_item=True) for text in texts if text]


def _rows(found: Any) -> list[list[str]]:
    cells = []
    for y, row in enumerate(found.rows):
        for x, cell in enumerate(row.cells):
            if cell.is_spanned:
                continue
            tall = cell.span_height if cell.is_merge_origin else 1
            wide = cell.span_width if cell.is_merge_origin else 1
            cells.append((y, x, tall, wide, cell.text.strip()))
    return span(cells)
