"""Dates as offices write them, and which of them is the revision date of a document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from bot.services.manuals.readers.document import Block

# First day is not checked: 昭和64年 and 平成元年 both name days of 1989 and people mix them up.
ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
INITIALS = {"M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}
KANJI = {letter: value for value, letter in enumerate("〇一二三四五六七八九")}

_NUMBER = r"[0-9元〇一二三四五六七八九十]{1,4}"
_DATE = (
    rf"(?:(?P<era>明治|大正|昭和|平成|令和|[MTSHR])\s?\.?)?(?P<year>{_NUMBER})\s?(?:年|[./-])\s?"
    rf"(?P<month>{_NUMBER})\s?(?:月|[./-])\s?(?P<day>{_NUMBER})日?"
)
_REVISED = r"(?:最終)?(?:改正|改訂|改定|更新|修正)"
_MADE = r"(?:制定|作成|策定|発行|公布)"
_AFTER = r"[日年月版]{0,3}[ :(]{0,3}"
_BEFORE = r"[ )、]{0,2}(?:[^ 。、()]{1,12}第[0-9]{1,4}号)?[ )]{0,2}(?:一部|全部|全面)?"

DATE = re.compile(_DATE)
REVISED = (re.compile(_REVISED + _AFTER + _DATE), re.compile(_DATE + _BEFORE + _REVISED))
MADE = (re.compile(_MADE + _AFTER + _DATE), re.compile(_DATE + _BEFORE + _MADE))

HEAD, TAIL = 1_500, 600


def iso_date(text: str) -> str:
    """The first date in a text as ISO 8601, or empty: 令和7年4月1日, R7.4.1, 2025/4/1, 元年."""
    found = DATE.search(unicodedata.normalize("NFKC", text))
    return _iso(found) if found else ""


def revision_date(blocks: Sequence[Block], *, modified: str = "") -> str:
    """The latest date labelled as a revision; else as the making; else `modified`; else empty.

    Only the opening, the closing lines and 附則 are read: the body speaks of the revisions of
    other rules as well.
    """
    text = _where_dates_stand(blocks)
    for patterns in (REVISED, MADE):
        dates = [_iso(found) for pattern in patterns for found in pattern.finditer(text)]
        if any(dates):
            return max(dates)
    return modified


def _where_dates_stand(blocks: Sequence[Block]) -> str:
    lines = [block.text or " ".join(cell for row in block.rows for cell in row) for block in blocks]
    lines = [unicodedata.normalize("NFKC", line) for line in lines]
    whole = "\n".join(lines)
    closing = [
        "\n".join(lines[at : at + 6])[:TAIL]
        for at, line in enumerate(lines)
        if line.lstrip().startswith(("附則", "附 則"))
    ]
    return "\n".join([whole[:HEAD], *closing, whole[-TAIL:]])


def _iso(found: re.Match[str]) -> str:
    era = found["era"] or ""
    year = _number(found["year"]) + (ERAS.get(era) or INITIALS.get(era) or 0)
    if not 1868 <= year <= 2100:
        return ""
    try:
        return date(year, _number(found["month"]), _number(found["day"])).isoformat()
    except ValueError:
        return ""


def _number(text: str) -> int:
    """Arabic or kanji numerals up to 九十九, and positional kanji such as 二〇二五."""
    if text == "元":
        return 1
    if text.isascii() and text.isdigit():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return 10 * (KANJI.get(tens, 1)) + KANJI.get(ones, 0)
    digits = [KANJI.get(letter) for letter in text]
    if None in digits:
        return 0
    return int("".join(str(digit) for digit in digits))
