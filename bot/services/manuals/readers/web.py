"""The only file that imports trafilatura: the main part of a web page, without its menus."""

from __future__ import annotations

import re

from trafilatura import extract

from bot.services.manuals.readers.dates import revision_date
from bot.services.manuals.readers.document import Block, Document, Unreadable
from bot.services.manuals.readers.markup import read_markup
from bot.services.manuals.readers.text import decode

# trafilatura judges by the density of text and may take tables and short sections for menus.
# Below this share of what the page holds we read the page ourselves.
ENOUGH = 0.6
MENU = re.compile(r"<(nav|footer|aside)\b", re.IGNORECASE)


def read(name: str, content: bytes) -> Document:
    # trafilatura drops <time> with its words, and that is where 更新日 stands.
    html = re.sub(r"</?time\b[^<>]{0,200}>", "", decode(content))
    title, whole = read_markup(_without_menus(html))
    extracted = extract(
        html, output_format="html", include_tables=True, include_comments=False, favor_recall=True
    )
    blocks = read_markup(extracted)[1] if extracted else []
    if _size(blocks) < ENOUGH * _size(whole) or _headings(blocks) < _headings(whole):
        blocks = whole
    if not blocks:
        raise Unreadable("文字がありません", "ページ全体を保存した HTML か確認してください。")
    warnings = ("見えない文字が含まれています。内容を確認してください。",) if _hides(html) else ()
    # 更新日 often stands in the footer, which is not part of the text.
    revised = revision_date(read_markup(html)[1])
    return Document(
        name=name, title=title, revised=revised, blocks=tuple(blocks), warnings=warnings
    )


def _without_menus(html: str) -> str:
    """Cut nav, footer and aside out; a header may hold the title and stays."""
    kept, at = [], 0
    lowered = html.lower()
    while found := MENU.search(html, at):
        end = lowered.find(f"</{found[1].lower()}", found.end())
        if end < 0:
            break
        kept.append(html[at : found.start()])
        close = html.find(">", end)
        at = close + 1 if close >= 0 else len(html)
    return "".join([*kept, html[at:]])


def _size(blocks: list[Block]) -> int:
    return sum(
        len(block.text) + sum(len(cell) for row in block.rows for cell in row) for block in blocks
    )


def _headings(blocks: list[Block]) -> int:
    return sum(0 < block.level < 7 for block in blocks)


def _hides(html: str) -> bool:
    return (
        re.search(r"display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}hidden", html) is not None
    )
