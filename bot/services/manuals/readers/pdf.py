"""The only file that imports pypdfium2: PDF pages into lines, joined where they were wrapped.

A PDF knows no paragraphs. A line that reaches the right edge goes on in the next one; lines that
return on every page are headers and footers and are dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Any

import pypdfium2

from bot.services.manuals.readers.document import Block, Document, Unreadable
from bot.services.manuals.readers.gate import broken

MAX_PAGES = 2_000
PASSWORD = 4  # FPDF_ERR_PASSWORD
# A line this close to the longest line of its page was wrapped, not ended.
WRAPPED = 0.86
STARTS_ANEW = re.compile(
    r"\s*(?:第[0-9一二三四五六七八九十百]{1,5}[編章節款条\s]|附\s?則|別表|様式|[(（〔【■◆●○・･※*-]"
    r"|[0-9]{1,3}[\s.．)）-]|[ア-ン][\s.．)）]|[①-⑳]|[一二三四五六七八九十]{1,3}\s"
    r"|Q[0-9.．:： ]|問[0-9]|Ａ[:： ])"
)


def read(name: str, content: bytes) -> Document:
    try:
        pdf = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == PASSWORD or "password" in str(error).lower():
            raise Unreadable(
                "パスワード付きの PDF です", "パスワードを外して保存し直してください。"
            ) from error
        raise broken() from error
    with pdf:
        if len(pdf) > MAX_PAGES:
            raise Unreadable(
                f"ページが多すぎます（{len(pdf)} ページ）",
                f"{MAX_PAGES} ページ以下に分けてください。",
            )
        pages = [_lines(pdf, number) for number in range(len(pdf))]
        about = pdf.get_metadata_dict()
    pages = _without_running_lines(pages)
    blocks = [
        Block(text=text, page=f"p.{number}")
        for number, lines in enumerate(pages, 1)
        for text in _paragraphs(lines)
    ]
    if not blocks:
        raise Unreadable(
            "文字の入っていない PDF です（画像だけのようです）",
            "文字認識（OCR）をかけるか、元の文書から PDF を作り直してください。",
        )
    return Document(
        name=name,
        title=str(about.get("Title", "")).strip(),
        revised=_iso(str(about.get("ModDate") or "")),
        blocks=tuple(_join_pages(blocks)),
    )


def _lines(pdf: Any, number: int) -> list[str]:
    try:
        page = pdf[number]
        text: str = page.get_textpage().get_text_bounded()
    except pypdfium2.PdfiumError as error:
        raise broken() from error
    # U+FFFE marks a hyphen at a line's end.
    lines = text.replace("\ufffe", "").replace("\x00", "").splitlines()
    return [line.rstrip() for line in lines if line.strip()]


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """Drop page numbers, headers and footers: first and last lines that return on most pages."""
    if len(pages) < 3:
        return [[line for line in lines if not _is_page_number(line)] for lines in pages]
    edges = Counter(
        key for lines in pages for key in {_shape(line) for line in [*lines[:2], *lines[-2:]]}
    )
    running = {key for key, count in edges.items() if count >= max(3, len(pages) * 0.6)}

    def keep(lines: list[str], at: int) -> bool:
        is_edge = at < 2 or at >= len(lines) - 2
        if not is_edge or _is_page_number(lines[at]):
            return not is_edge
        # 第1条, 第2条 … may well open every page.
        return STARTS_ANEW.match(lines[at]) is not None or _shape(lines[at]) not in running

    return [[line for at, line in enumerate(lines) if keep(lines, at)] for lines in pages]


def _paragraphs(lines: list[str]) -> list[str]:
    longest = max((_width(line) for line in lines), default=0)
    found: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on and not STARTS_ANEW.match(line):
            found[-1] = _join(found[-1], line)
        else:
            found.append(line.strip())
        is_wrapped = longest >= 40 and _width(line) >= longest * WRAPPED
        goes_on = is_wrapped and not line.endswith(("。", "："))
    return found


def _join_pages(blocks: list[Block]) -> list[Block]:
    """Join a sentence that a page break cut; it keeps the page it began on."""
    found: list[Block] = []
    for block in blocks:
        last = found[-1] if found else None
        is_cut = (
            last is not None
            and last.page != block.page
            and len(last.text) > 30
            and last.text[-1] not in "。）)」：:"
            and not STARTS_ANEW.match(block.text)
            and "。" in block.text
        )
        if is_cut and last is not None:
            found[-1] = Block(text=_join(last.text, block.text), page=last.page)
        else:
            found.append(block)
    return found


def _join(first: str, second: str) -> str:
    """Japanese is joined without a space, Latin words with one."""
    second = second.strip()
    space = " " if first[-1:].isascii() and second[:1].isascii() and first[-1:].isalpha() else ""
    return f"{first}{space}{second}"


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in line)


def _shape(line: str) -> str:
    return re.sub(r"[0-9０-９]{1,9}", "#", "".join(line.split()))


def _is_page_number(line: str) -> bool:
    return (
        re.fullmatch(
            r"[-–— ]{0,3}(?:p\.?\s?)?[0-9]{1,4}(?:\s?[/／]\s?[0-9]{1,4})?[-–— ]{0,3}", line.strip()
        )
        is not None
    )


def _iso(stamp: str) -> str:
    """D:20260324… → 2026-03-24. Source: ISO 32000-1 section 7.9.4."""
    found = re.match(r"D:([0-9]{4})([0-9]{2})([0-9]{2})", stamp)
    return "-".join(found.groups()) if found else ""
