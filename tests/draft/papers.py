"""Word files and kinds of documents that an office might put into its folder."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from docx import Document

from skills.draft import document, drafting, forms, kinds

TODAY = date(2026, 11, 27)
NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
FORM = """
title: 貸出し
description: 物を貸すときの文書
fields:
  - {name: 件名, required: true}
  - {name: 借りる人}
  - {name: 返す日, kind: date}
  - {name: 備考, optional: true}
"""


def word(*paragraphs: str | Sequence[str]) -> bytes:
    """A Word file; a paragraph given in parts is written in as many runs, as Word does."""
    made = Document()
    for text in paragraphs:
        paragraph = made.add_paragraph()
        for part in [text] if isinstance(text, str) else text:
            paragraph.add_run(part)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def opened(content: bytes) -> Any:
    return document.open_word(content, "試験.docx")


def text_of(content: bytes) -> str:
    return drafting.text_of(opened(content))


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """A Word file with one more part in it."""
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as packed:
        packed.writestr(name, data)
    return stream.getvalue()


def add_kind(
    own: Path, name: str, form: str = FORM, template: bytes | None = None, **files: str
) -> None:
    """Put a kind into the workspace's folder, as an office does."""
    folder = own / "kinds" / name
    folder.mkdir(parents=True)
    (folder / "form.yaml").write_text(form, encoding="utf-8")
    content = word("{{件名}}", "{{借りる人}}　様") if template is None else template
    (folder / "template.docx").write_bytes(content)
    for file, text in files.items():
        (folder / file.replace("_", ".")).write_text(text, encoding="utf-8")


def drafted(kind: str, own: Path, values: Mapping[str, str], **about: Any) -> drafting.Draft:
    """A draft of a kind from what a person gave."""
    found = kinds.find(kind, own)
    usable = forms.usable(found, values, forms.office_values(own))
    return drafting.compose(found, usable, own, TODAY, **about)
