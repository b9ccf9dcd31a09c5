"""Numbers of items and how deep they stand: 第1 → 1 → (1) → ア → (ア), one character deeper each.

Source: 公用文作成の考え方 (文化審議会建議, 2022), Ⅰ-2 and its appendix on item numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# 「添付書類」, the longest of the usual names of items.
NAME_WIDTH = 4
KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ"
_LEVELS = (
    re.compile(r"第?[0-9０-９]{1,2}[　 ．.]"),
    re.compile(r"[(（][0-9０-９]{1,2}[)）]"),
    re.compile(rf"[{KANA}][　 ]"),
    re.compile(rf"[(（][{KANA}][)）]"),
)
_BULLET = re.compile(r"[・○●◯][　 ]?")
_NAMED = re.compile(r"([^：:\n]{1,12})[：:]\s*(.*)", re.DOTALL)
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def figure(number: int) -> str:
    """１ to ９ as wide as a kanji, 10 and more as two narrow figures in its place."""
    return str(number).translate(_WIDE) if number < 10 else str(number)


def level(line: str) -> int:
    """How deep a numbered line stands: 1 to 4, 0 when it has no number."""
    for depth, pattern in enumerate(_LEVELS, 1):
        if pattern.match(line):
            return depth
    return 2 if _BULLET.match(line) else 0


def indent(line: str, depth: int) -> tuple[int, int]:
    """(left, hanging) in hundredths of a character: the text of an item stands in one column."""
    hanging = 250 if line[:1] in "(（" else 200
    return (depth - 1) * 100 + hanging, hanging


def numbered(items: Sequence[str], style: str) -> list[str]:
    """Give items their numbers: "1", "(1)", "ア", "・"; "記" also sets 「名前：値」 in columns."""
    if style == "記":
        return [f"{figure(n)}　{text}" for n, text in enumerate(in_columns(items), 1)]
    return [_numbered(n, text, style) for n, text in enumerate(items, 1)]


def _numbered(number: int, text: str, style: str) -> str:
    if level(text) or not style:
        return text
    marks = {
        "1": f"{figure(number)}　",
        "(1)": f"({number})　",
        "ア": f"{KANA[(number - 1) % len(KANA)]}　",
        "・": "・",
    }
    return marks[style] + text


def in_columns(items: Sequence[str]) -> list[str]:
    """「日時：…」「実施場所：…」 → names spread to one width, values in one column."""
    parts = [_NAMED.fullmatch(item) for item in items]
    names = [len(part[1].strip()) for part in parts if part is not None]
    width = max([NAME_WIDTH, *names])
    return [
        item if part is None else f"{spread(part[1].strip(), width)}　{part[2]}"
        for item, part in zip(items, parts, strict=True)
    ]


def spread(name: str, width: int) -> str:
    """A name as wide as others, as a typist would: 「日　　時」 beside 「実施場所」."""
    room = width - len(name)
    if room <= 0:
        return name
    if len(name) == 2:
        return name[0] + "　" * room + name[1]
    if len(name) == 3 and room == 2:
        return "　".join(name)
    return name + "　" * room
