"""Checks of item numbers: order, repeats, levels and indentation.

The levels are 第1, 1, (1), ア, (ア). Source: 公用文作成の考え方 (2022) I-5. Articles (第1条) number
a regulation; a paragraph in one begins at 2, because the first carries no number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from skills.draft.checks.document import Document, Line
from skills.draft.checks.rules import Rule
from skills.draft.checks.wording import Found

KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
)
_KANJI = {digit: value for value, digit in enumerate("〇一二三四五六七八九十")}
CHAPTER, ARTICLE, LARGE, NUMBER, BRACKETED, LETTER, BRACKETED_LETTER, CIRCLED, ATTACHED = range(9)
# Numbers of Markdown headings are lists of their own, above all others.
HEADINGS = 10
_LEAD = r"(?P<lead>[ 　\t]{0,40}(?:#{1,6}[ 　]{1,4}|-[ 　]{1,4})?)"
# 「3 人で」 begins with a count, 「3 人数」 is an item.
_COUNT = r"(?![月日年時分人名件円%％](?:[ 　\d(、。にのはをでと]|$))"
_GAP = r"(?:[.．、][ 　]{0,4}(?!\d)|　{1,4}|[ ]{1,4}(?!\d))"
_ALSO_A_CITATION = r"(?!の|第|及|又|か|、|に|を|で|が)"
_SHAPES = tuple(
    (level, re.compile(f"{_LEAD}(?P<mark>{mark}){after}"))
    for level, mark, after in (
        (CHAPTER, r"第(?P<value>\d{1,3}|[一二三四五六七八九十]{1,3})章", "[ 　]"),
        (ARTICLE, r"第(?P<value>\d{1,3})条", f"{_ALSO_A_CITATION}[ 　]"),
        (LARGE, r"第(?P<value>\d{1,2})", r"[ 　]{1,4}\S"),
        (NUMBER, r"(?P<value>\d{1,2})", rf"{_GAP}{_COUNT}(?=[^ \u3000~.,:/%-])"),
        (BRACKETED, r"\((?P<value>\d{1,2})\)", r"[ 　]{0,4}\S"),
        (LETTER, f"(?P<value>[{KANA}])", r"(?:[.．][ 　]{0,4}|[ 　]{1,4})\S"),
        (BRACKETED_LETTER, rf"\((?P<value>[{KANA}])\)", r"[ 　]{0,4}\S"),
        (CIRCLED, "(?P<value>[①-⑳])", r"[ 　]{0,4}\S"),
        (ATTACHED, r"(?:資料|別紙|別添)(?P<value>\d{1,2})", r"[ 　:：]{1,4}\S"),
    )
)
_LEVELS = "項目は、1、(1)、ア、(ア)の順に段階を下げます。"
# A jump further than this is no list but a number that begins a line.
_FARTHEST = 3
# A new part of the text, which is no longer in the article above.
_BREAK = re.compile(
    r"[ 　]{0,20}(?:附[ 　]{0,2}則$|(?:別[紙表記添]|様式|資料[0-9０-９])[^。、]{0,12}$)"
)


class Marker(NamedTuple):
    """A number at the head of a line, its level and how far it is indented."""

    level: int
    value: int
    indent: int
    start: int
    end: int
    parent: int
    deeper: int


@dataclass
class _Reading:
    """The lists that are open while the lines are read, by level, and those that are done."""

    groups: list[list[Marker]] = field(default_factory=list)
    turned: list[Marker] = field(default_factory=list)
    open: dict[int, list[Marker]] = field(default_factory=dict)

    def close_below(self, level: int) -> None:
        """Close the lists under a level; articles go on through whatever stands between."""
        for deeper in [other for other in self.open if other > level and other != ARTICLE]:
            del self.open[deeper]

    def add(self, marker: Marker) -> None:
        """Put a marker into its list; one that begins under a lower level is turned round."""
        under = max((level for level in self.open if level > marker.level), default=CIRCLED)
        is_new = marker.value == 1 and marker.level >= NUMBER and under < CIRCLED
        if is_new and self.open[under][-1].indent < marker.indent:
            self.turned.append(marker)
        self.close_below(marker.level)
        group = self.open.get(marker.level)
        if group is None or (marker.value == 1 and group[-1].value != 1):
            group = self.open[marker.level] = []
            self.groups.append(group)
        group.append(marker)


@lru_cache(maxsize=1)
def _read(document: Document) -> _Reading:
    """Every list of numbered items: those under one parent, in order."""
    reading = _Reading()
    for line in document.lines:
        if line.kind == "table":
            continue
        marker = _marker(line, reading)
        if marker is None:
            if _BREAK.match(line.text):
                reading.open.clear()
            continue
        reading.add(marker)
    return reading


def _marker(line: Line, reading: _Reading) -> Marker | None:
    for level, shape in _SHAPES:
        match = shape.match(line.plain)
        if match is None:
            continue
        is_heading = "#" in match["lead"]
        indent = sum(2 if letter == "　" else 1 for letter in match["lead"] if letter in " 　")
        above = [other for other in reading.open if other < level and other > ARTICLE]
        if ARTICLE in reading.open:
            above.append(ARTICLE)
        return Marker(
            level - HEADINGS if is_heading else level,
            _value(match["value"]),
            0 if is_heading else indent,
            line.start + match.start("mark"),
            line.start + match.end("mark"),
            max(above, default=-1),
            indent - reading.open[max(above)][-1].indent if above else 0,
        )
    return None


def _value(written: str) -> int:
    if written.isdecimal():
        return int(written)
    if written in KANA:
        return KANA.index(written) + 1
    if "①" <= written <= "⑳":
        return ord(written) - ord("①") + 1
    tens, ten, ones = written.partition("十")
    if not ten:
        return _KANJI[written]
    return (_KANJI[tens] if tens else 1) * 10 + (_KANJI[ones] if ones else 0)


def numbering(document: Document, _: Rule) -> Iterator[Found]:
    """Numbers that skip, repeat or go back, and a level that was left out."""
    for marker in _read(document).turned:
        yield Found(marker.start, marker.end, None, _LEVELS)
    for group in _read(document).groups:
        first = group[0]
        if first.level in (LETTER, BRACKETED_LETTER) and first.parent in (NUMBER, LARGE):
            yield Found(first.start, first.end, None, _LEVELS)
        wrong = list(_out_of_order(document, group))
        yield from wrong
        told = {found.start for found in wrong}
        right = [marker for marker in group if marker.start not in told]
        yield from _otherwise_written(document, right)


def _out_of_order(document: Document, group: Sequence[Marker]) -> Iterator[Found]:
    last = _first_expected(group[0]) - 1
    if last + 1 != group[0].value and (not _is_list(group) or _begins_above(document, group[0])):
        return
    for at, marker in enumerate(group):
        expected = last + 1
        following = group[at + 1].value if at + 1 < len(group) else 0
        if marker.value == expected:
            last = expected
        elif abs(marker.value - expected) > _FARTHEST:
            continue
        else:
            wrong = marker.value
            # When the next one goes on as if nothing were wrong, this one is a slip.
            last = expected if following == expected + 1 or wrong < expected else wrong
            told = "重なっています" if wrong < expected else "飛んでいます"
            fix = _written(document, marker, expected)
            yield Found(marker.start, marker.end, fix, f"番号が{told}。前の番号の次は{fix}です。")


def _otherwise_written(document: Document, group: Sequence[Marker]) -> Iterator[Found]:
    """（2） among (1) and (3). 10 in half width after ９ is how many offices write."""
    group = [marker for marker in group if marker.value < 10]
    if not group or group[0].level not in (NUMBER, BRACKETED):
        return
    widths = [document.text[marker.start : marker.end].isascii() for marker in group]
    usual = sum(widths) * 2 > len(widths)
    if widths.count(usual) * 3 < 2 * len(widths):
        return
    for marker, width in zip(group, widths, strict=True):
        if width != usual:
            written = document.plain[marker.start : marker.end]
            fix = written if usual else "".join(chr(ord(letter) + 0xFEE0) for letter in written)
            yield Found(marker.start, marker.end, fix, "番号の全角と半角がそろっていません。")


def _first_expected(marker: Marker) -> int:
    return 2 if marker.level == NUMBER and marker.parent == ARTICLE and marker.value != 1 else 1


def _is_list(group: Sequence[Marker]) -> bool:
    """Whether a group that does not begin at 1 is a list all the same."""
    return len(group) > 1 or group[0].level in (BRACKETED, LETTER, BRACKETED_LETTER, CIRCLED)


def _begins_above(document: Document, marker: Marker) -> bool:
    """Whether the first item stands in the line of its heading: 「3　その他　(1) …」."""
    line = document.line_at(marker.start)
    above = document.lines[line.number - 2].text if line.number > 1 else ""
    return marker.value == 2 and _written(document, marker, 1) in above


def _written(document: Document, marker: Marker, value: int) -> str:
    """The mark with another number, in the writing of the one that stands there."""
    written = document.text[marker.start : marker.end]
    if marker.level in (LETTER, BRACKETED_LETTER):
        return re.sub(f"[{KANA}]", KANA[min(value, len(KANA)) - 1], written)
    if marker.level == CIRCLED:
        return chr(ord("①") + value - 1)
    digits = str(value)
    if not re.search(r"[0-9]", written):
        digits = digits.translate({ord(d): ord(d) + 0xFEE0 for d in digits})
    return re.sub(r"[0-9０-９一二三四五六七八九十]{1,3}", digits, written)


def indent(document: Document, _: Rule) -> Iterator[Found]:
    """An item that stands further in or out than the others of its list or of its level."""
    yield from _lists_apart(_read(document).groups)
    for group in _read(document).groups:
        counts = Counter(marker.indent for marker in group)
        usual, number = counts.most_common(1)[0]
        if len(counts) == 1 or number * 2 <= len(group):
            continue
        for marker in group:
            if marker.indent != usual:
                yield Found(marker.start, marker.end)


def _lists_apart(groups: Sequence[Sequence[Marker]]) -> Iterator[Found]:
    """A list that is set in otherwise than all other lists of its level."""
    for level in (BRACKETED, LETTER, BRACKETED_LETTER):
        lists = [group for group in groups if group[0].level == level and group[0].parent >= LARGE]
        counts = Counter(group[0].deeper for group in lists)
        if len(counts) != 2 or len(lists) < 4:
            continue
        odd, number = counts.most_common()[-1]
        if number == 1:
            marker = next(group[0] for group in lists if group[0].deeper == odd)
            yield Found(marker.start, marker.end)
