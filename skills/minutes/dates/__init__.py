"""When things are due: Japanese words for days and periods, and the day if it is sure.

A period stands for its last day: 11月上旬 → the 10th, 今週中 → Friday. A month or day without a
year is its next occurrence; without the date of the meeting it has no day.
What lies in the past by its own words (昨年、先月、先週) is no due date and is not found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from skills.minutes.dates import spoken, written
from skills.minutes.dates.patterns import Match, Resolve, agrees


@dataclass(frozen=True, slots=True)
class Found:
    """Words about a day: `text[start:end]` of what was searched, and the day if it is sure."""

    start: int
    end: int
    text: str
    day: date | None


_RULES = (*written.RULES, *spoken.RULES)
_JOINT = re.compile(r"(?:から|より|[~〜～\-・、]|と|及び|か)")
_PAST = re.compile(
    r"昨年|去年|一昨年|前年|同年|先月|前月|同月|先週|前週|昨年度|前年度|昨[春夏秋冬]"
)
# Hours of the day from a clock to a clock are when something is open, not when it is due.
_HOURS = re.compile(r"[0-9〇一二三四五六七八九十時分半:]+(?:から|より|[~〜～\-])$")
# These count on from the day before them: 「9月21日から30日」.
_COUNTED = (written.day_of_month, spoken.within)


def find(text: str, base: date | None, holidays: Collection[date] = ()) -> tuple[Found, ...]:
    """The due dates a text may name, in order, none overlapping.

    `base` is the day of the meeting; `holidays` are days the office is closed besides weekends,
    public holidays and 29 December to 3 January. 「から」 between two days makes one of them.
    """
    plain, origin = _plain(text)
    found: list[Found] = []
    last_end, named = -1, False
    last_day: date | None = None
    for match, resolve in _apart(plain):
        start, end = match.span()
        if resolve is spoken.clock and _HOURS.search(plain[:start]):
            continue
        joined = found and _JOINT.fullmatch(plain[last_end:start])
        day = resolve(match, base, holidays)
        if joined and last_day and (resolve in _COUNTED or (named and day and day < last_day)):
            # 「来年12月から3月」 goes on from the first day too.
            day = resolve(match, last_day, holidays)
        if day and not agrees(match[0], day):
            # 「12月10日(火)」 when the 10th is a Thursday: a slip, and nobody can say which.
            day = None
        first = found.pop().start if joined else origin[start]
        found.append(Found(first, origin[end - 1] + 1, text[first : origin[end - 1] + 1], day))
        last_end, last_day, named = end, day, "年" in match[0] or (named and bool(joined))
    return tuple(one for one in found if not _PAST.search(unicodedata.normalize("NFKC", one.text)))


def _apart(plain: str) -> Iterator[tuple[Match, Resolve]]:
    """Matches that do not overlap; the first to start comes first, of those the longest."""
    every = [
        (match.start(), -match.end(), number, match, resolve)
        for number, (pattern, resolve) in enumerate(_RULES)
        for match in pattern.finditer(plain)
    ]
    at = 0
    for _, _, _, match, resolve in sorted(every, key=lambda one: one[:3]):
        if match.start() >= at and match.end() > match.start():
            yield match, resolve
            at = match.end()


def _plain(text: str) -> tuple[str, list[int]]:
    """The text after NFKC, letter by letter, and where each letter of it came from."""
    letters: list[str] = []
    origin: list[int] = []
    for at, letter in enumerate(text):
        for plain in unicodedata.normalize("NFKC", letter):
            letters.append(plain)
            origin.append(at)
    return "".join(letters), origin
