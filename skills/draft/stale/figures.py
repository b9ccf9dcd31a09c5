"""Numbers as documents write them, read and written again in the same hand: 8, ８, 八, 元."""

from __future__ import annotations

import re

NUMBER = r"(?:[0-9]{1,4}|元|[〇一二三四五六七八九十百]{1,6})"
KANJI = "〇一二三四五六七八九"
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def value(written: str) -> int:
    """「12」「十二」「二〇二六」「百七」「元」 as a number; 0 when it is none."""
    if written == "元":
        return 1
    if written.isascii() and written.isdigit():
        return int(written)
    if not re.search(r"[十百]", written):
        return int("".join(str(KANJI.index(letter)) for letter in written) or 0)
    total = digit = 0
    for letter in written:
        if letter in "十百":
            total += (digit or 1) * (10 if letter == "十" else 100)
            digit = 0
        else:
            digit = KANJI.index(letter)
    return total + digit


def like(written: str, number: int, *, first: bool = False) -> str:
    """Write a number in the hand of `written`; `first` writes 元 for one in an era.

    A single wide figure becomes two narrow ones, as public documents write them (９ → 10).
    """
    if first and number == 1:
        return "元"
    if written[0] == "元" or written.isascii():
        return str(number).zfill(len(written)) if written[0] == "0" else str(number)
    if written[0] in "０１２３４５６７８９":
        narrows = len(written) == 1 and number > 9
        return str(number) if narrows else str(number).translate(_WIDE)
    if "〇" in written or (len(written) > 2 and not re.search(r"[十百]", written)):
        return "".join(KANJI[int(figure)] for figure in str(number))
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    parts = (_unit(hundreds, "百"), _unit(tens, "十"), KANJI[ones] if ones else "")
    return "".join(parts) or "〇"


def _unit(count: int, unit: str) -> str:
    return "" if not count else unit if count == 1 else KANJI[count] + unit
