"""Checks of the frame of a letter: 記 and 以上, 拝啓 and 敬具, the season it greets with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from skills.draft.checks.days import own_day
from skills.draft.checks.document import Document
from skills.draft.checks.rules import Rule
from skills.draft.checks.wording import Found

_KI = re.compile(r"[ 　]{0,60}記[ 　]{0,60}")
_IJO = re.compile(r"(?:^|[ 　]{1,60}|。)以[ 　]?上[。 　]{0,60}$")
_BELOW = re.compile(r"下記(?=の(?:とおり|通り|事項|内容|日程|要領|方針)|により|要領)")
_ADDRESSED = re.compile(
    r"^[ 　]{0,10}[^。\n]{1,40}(?:様|殿|各位|御中|あて|宛て)[ 　]{0,4}$", re.MULTILINE
)
# In a mail 下記 points at what follows; 記 belongs to letters.
_MAIL = re.compile(
    r"^(?:件名|Subject|To|From|宛先|差出人|CC)[ 　]?[:：]|お世話になって|お疲れ[さ様]", re.MULTILINE
)

_PAIRS = (
    (("拝啓", "拝呈", "啓上", "一筆申し上げます"), ("敬具", "拝具", "敬白", "かしこ")),
    (("謹啓", "謹呈", "恭啓"), ("謹白", "謹言", "敬白", "頓首", "再拝")),
    (("前略", "冠省", "略啓"), ("草々", "早々", "不一", "不備", "不尽", "かしこ")),
    (("拝復", "復啓"), ("敬具", "敬答", "拝答")),
)
_CLOSINGS = ("敬具", "拝具", "敬白", "謹白", "謹言", "草々", "早々", "不一", "敬答", "拝答", "頓首")
_OPENING = re.compile(
    "^[ 　]{0,10}(?P<x>" + "|".join(word for pair in _PAIRS for word in pair[0]) + ")(?![一-龥])",
    re.MULTILINE,
)
_CLOSING = re.compile("^[ 　]{0,80}(?P<x>" + "|".join(_CLOSINGS) + ")[ 　]{0,10}$", re.MULTILINE)


def _seasons() -> dict[str, frozenset[int]]:
    """The words of a greeting and the months it may stand in."""
    found = {}
    for line in Path(__file__).with_name("seasons.txt").read_text(encoding="utf-8").splitlines():
        word, *months = line.split()
        if word != "#":
            found[word] = frozenset(map(int, months))
    return found


_SEASONS = _seasons()
_SEASON = re.compile("(?P<x>(?P<word>" + "|".join(_SEASONS) + ")の(?:候|みぎり|砌|折|季節))")


def notice_frame(document: Document, _: Rule) -> Iterator[Found]:
    """A 記 that no 以上 closes, and in a letter a 下記 that no 記 follows."""
    opened = [line for line in document.lines if _KI.fullmatch(line.text)]
    if opened:
        last = opened[-1]
        if not any(_IJO.search(line.text) for line in document.lines[last.number :]):
            start = last.start + last.text.index("記")
            yield Found(start, start + 1, None, "「記」の最後に「以上」がありません。")
        return
    if _MAIL.search(document.text) or not _ADDRESSED.search(document.text):
        return
    for match in _BELOW.finditer(document.text):
        if not document.is_quoted(*match.span()):
            yield Found(*match.span(), None, "「下記」とありますが、「記」がありません。")
            return


def salutation(document: Document, _: Rule) -> Iterator[Found]:
    """拝啓 ends in 敬具, 前略 in 草々; one does not stand without the other."""
    opening, closing = _OPENING.search(document.text), _CLOSING.search(document.text)
    if opening is None and closing is None:
        return
    if opening is None or closing is None:
        alone = opening or closing
        assert alone is not None
        yield Found(*alone.span("x"), None, f"「{alone['x']}」と対になる語がありません。")
        return
    right = next(ends for starts, ends in _PAIRS if opening["x"] in starts)
    if closing["x"] not in right:
        yield Found(*closing.span("x"), right[0], f"「{opening['x']}」は「{right[0]}」で結びます。")


def season(document: Document, _: Rule) -> Iterator[Found]:
    """A greeting of another season than the day of the document."""
    day = own_day(document)
    if day is None:
        return
    for match in _SEASON.finditer(document.text):
        if day.month not in _SEASONS[match["word"]]:
            yield Found(
                *match.span("x"), None, f"{day.month}月の文書に「{match['word']}」は合いません。"
            )
