"""Dates as documents write them, and written again in the same hand with another day.

令和8年6月1日（月）, R8.6.1, 2026/6/1, 6月1日, 6/1（月）, and 「2日（火）」 after one of these.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from skills.draft.stale import years
from skills.draft.stale.figures import NUMBER, like, value
from skills.draft.stale.lines import Reading
from skills.draft.stale.years import ERA, ERAS, Move

HEAD = 14
WEEKDAYS = "月火水木金土日"
_N = r"(?:[0-9]{1,2}|元|[〇一二三四五六七八九十]{1,3})"
_WEEKDAY = (
    r"(?:\s?[(](?P<weekday>[月火水木金土日])(?P<tail>(?:曜日?)?(?:・?祝日?|・?休日?)?)[)]"
    r"|[ ]?(?P<bare>[月火水木金土日])曜日?)?"
)
_YEAR_PART = (
    rf"(?:(?P<era>{ERA})\s?(?P<number>{NUMBER})"
    r"|(?P<west>(?:19|20)[0-9]{2}|二〇[〇一二三四五六七八九]{2}))"
)
_TWIN = r"(?:年?[(](?:(?:令和|R)(?P<twin_number>[0-9]{1,2})|(?P<twin>20[0-9]{2}))年?[)])?"
_WRITTEN = re.compile(
    rf"(?:{_YEAR_PART}{_TWIN}\s?年?\s?)?(?<![0-9〇一二三四五六七八九十第])"
    rf"(?P<month>{_N})\s?月\s?(?P<day>{_N})\s?日(?!間|以内|分|目|前|後)" + _WEEKDAY
)
_DOTTED = re.compile(
    rf"(?<![0-9./-]){_YEAR_PART}[./-](?P<month>[0-9]{{1,2}})[./-](?P<day>[0-9]{{1,2}})(?![0-9/])"
    + _WEEKDAY
)
# 6/12（金）, 6.12（金）, 6/12まで: without a weekday 「1.4～2.0」 is no date.
_SLASHED = re.compile(
    r"(?<![0-9./A-Za-z])(?P<month>1[0-2]|0?[1-9])(?:(?P<slash>/)|\.)"
    r"(?P<day>[12][0-9]|3[01]|0?[1-9])"
    r"(?![0-9/.])(?:(?=\s?[(][月火水木金土日](?:曜|・|[)]))"
    + _WEEKDAY
    + r"|(?(slash)(?=まで|必着|締|から|[~〜～])|(?!)))"
)
# 「18日（日）」 after a day with its month.
_SAME_MONTH = re.compile(
    rf"(?<![0-9月〇一二三四五六七八九十])(?P<day>{_N})日(?!間|以内|分|目|前|後|現在)" + _WEEKDAY
)
MONTH_ONLY = re.compile(
    rf"{_YEAR_PART}(?:\s?年\s?(?P<month>{_N})\s?月|\.(?P<dotted>1[0-2]|[1-9])(?![0-9.月]))"
    r"(?P<part>[上中下]旬|末|頃|ごろ|中|吉日|日)?(?!\s?[0-9〇一二三四五六七八九十]{1,3}日)"
)
_DATED_CELL = re.compile(
    r"(?:起案|作成|通知|発信|文書|回答|照会|決裁|施行)\w{0,2}[日付]|^\s*(?:日付|年月日)"
)
_MONTH_CELL = re.compile(r"\s?(1[0-2]|[1-9])月")
# Where one fiscal year ends and the next begins. Source: Local Autonomy Act, art. 208.
TURNS = {(4, 1), (3, 31)}


@dataclass(frozen=True, slots=True)
class Said:
    """A date in a line, with the day it means; `weekday` is "" when none is written."""

    match: re.Match[str]
    day: date
    has_year: bool
    weekday: str
    is_holiday: bool

    @property
    def is_turn(self) -> bool:
        return (self.day.month, self.day.day) in TURNS


def written_on(readings: Sequence[Reading]) -> date | None:
    """The day the document was written: a line at its head that is a date and no more.

    A cell counts when its row says so (起案日, 作成日): others are the days of a programme.

    「令和8年7月吉日」 is the first of that month. None when the head has no such date.
    """
    for reading in readings[:HEAD]:
        text = reading.plain.strip()
        if reading.line.row and not any(map(_DATED_CELL.search, reading.line.row)):
            continue
        for pattern in (_WRITTEN, _DOTTED, MONTH_ONLY):
            match = pattern.fullmatch(text)
            if match is not None and (year := year_of(match)):
                groups = match.groupdict()
                month = value(match["month"] or groups["dotted"])
                return _safe_date(year, month, value(groups.get("day") or "1"))
    return None


def said_in(reading: Reading, move: Move, above: date | None) -> Iterator[Said]:
    """The dates of a line in order. `above` is the last that the lines above named."""
    last: Said | None = None
    for match in _matches(reading.plain):
        parts = match.groupdict()
        weekday, tail = parts.get("weekday") or parts.get("bare") or "", parts.get("tail") or ""
        has_month, number = bool(parts.get("month")), value(parts["day"])
        if has_month:
            month, year = value(parts["month"]), year_of(match)
        elif weekday:
            month, year = _month_before(reading, number, weekday, last, above)
        else:
            continue
        day = _day(year, month, number, weekday, move, above) if month else None
        if day is not None:
            is_holiday = "祝" in tail or "休" in tail
            last = Said(match, day, year_of(match) > 0, weekday, is_holiday)
            yield last


def _matches(text: str) -> list[re.Match[str]]:
    """Everything that looks like a date, in order, none inside another."""
    whole = [match for pattern in (_WRITTEN, _DOTTED, _SLASHED) for match in pattern.finditer(text)]
    spans = [match.span() for match in whole]
    short = (
        match
        for match in _SAME_MONTH.finditer(text)
        if not any(start <= match.start() < end for start, end in spans)
    )
    return sorted([*whole, *short], key=lambda match: match.start())


def _month_before(
    reading: Reading, day: int, weekday: str, last: Said | None, above: date | None
) -> tuple[int, int]:
    """Month and year of 「2日（火）」: those of the date before it, or of its row.

    Those of the line above only when the weekday fits. A year of 0 is not known, nor a month.
    """
    if last is not None:
        return last.day.month, last.day.year
    cells = (unicodedata.normalize("NFKC", cell) for cell in reading.line.row)
    named = next((match for cell in cells if (match := _MONTH_CELL.match(cell))), None)
    if named is not None:
        return int(named[1]), 0
    fits = _safe_date(above.year, above.month, day) if above else None
    if above and fits and WEEKDAYS[fits.weekday()] == weekday:
        return above.month, above.year
    return 0, 0


def _day(
    year: int, month: int, day: int, weekday: str, move: Move, above: date | None
) -> date | None:
    """The day that is meant; without a year the one its weekday fits, else of the fiscal year."""
    if year:
        return _safe_date(year, month, day)
    fiscal = move.old + (month < 4)
    choices = [fiscal, *([above.year] if above else []), move.old, move.old + 1]
    days = [found for choice in choices if (found := _safe_date(choice, month, day))]
    fitting = (found for found in days if not weekday or WEEKDAYS[found.weekday()] == weekday)
    return next(fitting, days[0] if days else None)


def rewritten(reading: Reading, one: Said, day: date, *, is_holiday: bool) -> str:
    """Another day in the hand of an old date; 「・祝」 stays only when that day is a holiday."""
    groups = one.match.groupdict()
    parts: list[tuple[int, int, str]] = []
    name = "number" if groups.get("number") else "west" if groups.get("west") else ""
    if name:
        era = ERAS[groups["era"]] if name == "number" else 0
        parts.append(_part(reading, one.match, name, day.year - era, first=name == "number"))
    for twin, era in (("twin_number", 2018), ("twin", 0)):
        if groups.get(twin):
            parts.append(_part(reading, one.match, twin, day.year - era))
    if groups.get("month"):
        parts.append(_part(reading, one.match, "month", day.month))
    parts.append(_part(reading, one.match, "day", day.day))
    for group in ("weekday", "bare"):
        if groups.get(group):
            parts.append((*one.match.span(group), WEEKDAYS[day.weekday()]))
    if groups.get("tail") and one.is_holiday and not is_holiday:
        start, end = one.match.span("tail")
        parts.append((start, end, "曜" if "曜" in groups["tail"] else ""))
    return reading.replaced(*one.match.span(), parts)


def _part(
    reading: Reading, match: re.Match[str], group: str, number: int, *, first: bool = False
) -> tuple[int, int, str]:
    start, end = match.span(group)
    return start, end, like(reading.raw(start, end), number, first=first)


def year_of(match: re.Match[str]) -> int:
    """The Western year that a matched date names; 0 when it names none."""
    groups = match.groupdict()
    if groups.get("number"):
        return ERAS[groups["era"]] + value(groups["number"])
    return value(groups["west"]) if groups.get("west") else 0


def _safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def years_later(day: date, count: int) -> date:
    """The same day in another year; the end of a February stays its end."""
    last = calendar.monthrange(day.year + count, day.month)[1]
    keeps_end = is_month_end(day) and day.day > 27
    return date(day.year + count, day.month, last if keeps_end else min(day.day, last))


def is_month_end(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def shown(day: date) -> str:
    """令和9年6月1日（火）."""
    return f"{years.name(day.year)}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"
