"""Days in a text: written with or without a year, and the year that is meant when there is none."""

from __future__ import annotations

import calendar
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from skills.draft.checks.document import Document

WEEKDAYS = "月火水木金土日"
# The first year of an era minus one, its first and its last day.
# Source: the Cabinet Orders naming each era (改元).
ERAS = {
    "令和": (2018, date(2019, 5, 1), date(2999, 12, 31)),
    "平成": (1988, date(1989, 1, 8), date(2019, 4, 30)),
    "昭和": (1925, date(1926, 12, 25), date(1989, 1, 7)),
    "大正": (1911, date(1912, 7, 30), date(1926, 12, 24)),
}
YEAR = (
    r"(?:(?P<era>令和|平成|昭和|大正)[ 　]?(?P<era_year>元|\d{1,2})[ 　]?"
    r"(?:年|\((?:19|20)\d\d\)年)(?:\((?:19|20)\d\d年?\))?"
    r"|(?P<year>(?:1[6-9]|20)\d\d)年(?:\((?:令和|平成|昭和)(?:元|\d{1,2})年\))?)[ 　]?"
)
_IN_BRACKETS = r"\((?P<weekday>[月火水木金土日])(?:曜日?)?(?:[・･,、/ ]?[祝休振][^()\n]{0,6})?\)"
_DAY = re.compile(
    rf"(?<!\d)(?:{YEAR})?(?:(?P<month>\d{{1,2}})[ 　]?月|(?P<same>同月))[ 　]?"
    r"(?P<day>\d{1,2})[ 　]?日(?!間|以内|前|目|後|分|程)"
    rf"(?:[ 　]{{0,2}}(?:{_IN_BRACKETS}"
    r"|(?P<spelled>[月火水木金土日])曜日?))?"
)
_SLASHED = re.compile(rf"(?<![\d/.])(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})[ 　]?{_IN_BRACKETS}")
_LONE = re.compile(rf"(?<![\d月年第同])(?P<day>\d{{1,2}})日{_IN_BRACKETS}")
_YEARS = re.compile(r"(?<!\d)(?:令和(?P<era_year>元|\d{1,2})|(?P<year>20\d\d))年(?P<fiscal>度?)")
# A letter is dated in its head, on a line of its own; what is announced lies ahead of it.
_HEAD_LINES = 14
_DATED = re.compile(
    r"(?:^|[ 　:：])(?:起案|作成|発行|発信|送信|通知|文書|決裁)?[年月]{0,2}日?[ 　:：]{0,6}$"
)
_LOOK_BACK = timedelta(days=60)
_LAST_LEAP = 2024


class Day(NamedTuple):
    """A day as it is written. `year` is 0 when none is written or can be taken from nearby.

    `is_sure` says that the year stands there; `weekday` is the letter, at `weekday_at`.
    """

    start: int
    end: int
    year: int
    month: int
    day: int
    is_sure: bool
    weekday: str
    weekday_at: int

    @property
    def value(self) -> date | None:
        try:
            return date(self.year, self.month, self.day) if self.year else None
        except ValueError:
            return None


@lru_cache(maxsize=1)
def days(document: Document) -> tuple[Day, ...]:
    """Every day of the text, in order."""
    return tuple(_with_years(document, list(_written(document))))


def own_day(document: Document) -> date | None:
    """The day a document is dated: the first full one on a line of its own in its head."""
    found = _dated(document, days(document))
    return found.value if found else None


def era_year(era: str, written: str) -> int:
    return ERAS[era][0] + (1 if written == "元" else int(written))


def in_era(day: date) -> str:
    """「令和8年4月10日」; before 大正 as 「1900年4月10日」."""
    for era, (before, first, last) in ERAS.items():
        if first <= day <= last:
            year = day.year - before
            return f"{era}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"


def fiscal_year(day: date) -> int:
    """Source: Local Autonomy Act (地方自治法) art. 208: from 1 April."""
    return day.year - (day.month < 4)


def is_possible(year: int, month: int, day: int) -> bool:
    """Whether a month has the day; without a year February has 29."""
    if not 1 <= month <= 12 or day < 1:
        return False
    return day <= calendar.monthrange(year or _LAST_LEAP, month)[1]


def _written(document: Document) -> Iterator[Day]:
    """Days as they are written, with the year only where it stands."""
    month = 0
    matches = [(match.start(), match) for match in _DAY.finditer(document.plain)]
    spans = [match.span() for _, match in matches]
    for match in (*_LONE.finditer(document.plain), *_SLASHED.finditer(document.plain)):
        at = bisect_right(spans, (match.start(), 1 << 60))
        if not at or spans[at - 1][1] <= match.start():
            matches.append((match.start(), match))
    last_line = 0
    for start, match in sorted(matches, key=lambda one: one[0]):
        groups = match.groupdict()
        line = document.line_at(start).number
        if groups.get("month"):
            month = int(groups["month"])
        elif line - last_line > 2:
            month = 0
        last_line = line
        if month:
            yield _day(match, month)


def _day(match: re.Match[str], month: int) -> Day:
    groups = match.groupdict()
    year = 0
    if groups.get("era"):
        year = era_year(groups["era"], groups["era_year"])
    elif groups.get("year"):
        year = int(groups["year"])
    name = "weekday" if groups.get("weekday") else "spelled"
    letter = groups.get(name) or ""
    at = match.start(name) if letter else match.end()
    return Day(match.start(), match.end(), year, month, int(groups["day"]), bool(year), letter, at)


def _with_years(document: Document, written: list[Day]) -> Iterator[Day]:
    dated = _dated(document, written)
    named = [
        (era_year("令和", match["era_year"]) if match["era_year"] else int(match["year"]),
         bool(match["fiscal"]))
        for match in _YEARS.finditer(document.plain)
        # The year of the letter says nothing of 1月 in a letter of December.
        if dated is None or match.start() != dated.start
    ]  # fmt: skip
    last: Day | None = None
    for day in written:
        if not day.year:
            on_line = last is not None and document.line_at(last.start).end >= day.start
            if last is not None and last.is_sure and on_line:
                years = [last.year + (day.month < last.month)]
            else:
                years = [_next(day, dated.value)] if dated and dated.value else []
                years += [year + (fiscal and day.month < 4) for year, fiscal in named]
            day = day._replace(year=_likely(day, years))
        if day.year:
            last = day
        yield day


def _likely(day: Day, years: list[int]) -> int:
    """The first year in which the day has its weekday, else the first; 0 without any."""
    for year in years:
        value = day._replace(year=year).value
        if value is not None and day.weekday and WEEKDAYS[value.weekday()] == day.weekday:
            return year
    return years[0] if years else 0


def _dated(document: Document, found: Sequence[Day]) -> Day | None:
    for day in found:
        line = document.line_at(day.start)
        if line.number > _HEAD_LINES:
            break
        before = line.plain[: day.start - line.start]
        after = line.plain[day.end - line.start :]
        if day.is_sure and day.value and not after.strip() and _DATED.search(before):
            return day
    return None


def _next(day: Day, base: date) -> int:
    """The first year in which the day does not lie more than two months before `base`."""
    for year in (base.year - 1, base.year, base.year + 1):
        if not is_possible(year, day.month, day.day):
            continue
        if date(year, day.month, day.day) >= base - _LOOK_BACK:
            return year
    return base.year
