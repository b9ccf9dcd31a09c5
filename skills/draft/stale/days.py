"""Dates and their weekdays: the only file that imports jpholiday.

A day with a weekday moves by whole weeks, so that the weekday and the gaps between the days of a
programme stay; one without moves by years, and off the days an office is closed when it is a
time limit. Fiscal-year ends, month ends and holidays keep their date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

import jpholiday

from skills.draft.stale import history
from skills.draft.stale.dates import (
    MONTH_ONLY,
    WEEKDAYS,
    Said,
    is_month_end,
    rewritten,
    said_in,
    shown,
    year_of,
    years_later,
)
from skills.draft.stale.figures import like, value
from skills.draft.stale.lines import Found, Reading
from skills.draft.stale.years import Move

DAY = "日付"
_EVERY = re.compile(r"(?:毎年|毎月|毎年度|各年|例年|翌年|同年|翌年の|その年の)度?の?\s?$")
_BORN = re.compile(r"[^。]{0,40}?(?:生まれ|出生|生の)")
_BIRTH_HEAD = re.compile(r"生年月日|生まれ|誕生日")
_BEGINNING = re.compile(r"\s?(?:から|より|以降|[~〜～])")
_AS_OF = re.compile(r"\s?現在")
# Days and weeks that the whole country keeps on the same dates.
_OBSERVED = re.compile(
    r"(?:[^。、]{0,12}[0-9]{1,2}月[0-9]{1,2}日)?[^。、]{0,16}?"
    r"(?:[^。、期曜]の日|週間(?!以)|記念日|安全運動|予防運動|共同募金)"
)
_OBSERVED_BEFORE = re.compile(r"(?:[^。、期曜]の日|週間|記念日|運動|共同募金)(?:は|\()$")
_LIMIT = re.compile(
    r"\s?(?:正午|午[前後][0-9]{1,2}時)?(?:まで|必着|厳守|締切|締め切り|消印)|[^。]{0,3}期限"
)
_JOINED = re.compile(r"\s?(?:から|より|[~〜～―–・、,]|及び|又は|と|または)\s?")
_NTH = re.compile(r"第(?P<nth>[1-5一二三四五])(?P<weekday>[月火水木金土日])曜日?")
# Holidays that keep their date; the others follow a weekday or the sun.
# Source: Act on National Holidays (昭和23年法律第178号), art. 2.
_FIXED_HOLIDAYS = frozenset(
    ((1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23))
)


def find(
    readings: Sequence[Reading], move: Move, written: date | None
) -> Iterator[tuple[int, Found]]:
    """Dates that move on. Yields (line, find)."""
    last: date | None = None
    known: dict[date, date] = {}
    for at, reading in enumerate(readings):
        said = list(said_in(reading, move, last))
        last = said[-1].day if said else last
        terms = dict(_ended_terms(reading, said, move))
        stays = set(_staying(reading, said, move, written)) - set(terms)
        for number, one in enumerate(said):
            if number in stays:
                continue
            if number in terms:
                day = years_later(one.day, terms[number])
                why = "この期間は終わります。同じ長さの次の期間にしました。"
            else:
                day, why = _new_day(reading, said, number, move, known)
            text = rewritten(reading, one, day, is_holiday=jpholiday.is_holiday(day))
            yield at, reading.found(*one.match.span(), DAY, text, why)
        for found in _months(reading, said, move):
            yield at, found


def _staying(
    reading: Reading, said: Sequence[Said], move: Move, written: date | None
) -> Iterator[int]:
    """The numbers of the dates that stay as they are."""
    for number, one in enumerate(said):
        if _is_birth(reading, one):
            continue
        fiscal = one.day.year - (one.day.month < 4)
        is_long_ago = one.has_year and fiscal < move.old - 1
        is_bare = not one.has_year and not one.weekday
        if (
            is_long_ago
            or any(_holds_on(reading, said, first, move) for first in (number - 1, number))
            or _EVERY.search(reading.plain[: one.match.start()])
            or _tells_of_past(reading, one, written)
            or (is_bare and _is_yearly(reading, said, number))
        ):
            yield number


def _tells_of_past(reading: Reading, one: Said, written: date | None) -> bool:
    """A day still to come when the document was written cannot be history."""
    if written is not None and one.day > written:
        return False
    surely = written is None and one.has_year
    return history.is_past(reading.plain, *one.match.span(), surely=surely)


def _is_yearly(reading: Reading, said: Sequence[Said], number: int) -> bool:
    """「4月1日現在」「6月1日から9月30日まで」: days that return with every year."""
    one = said[number]
    before, after = reading.plain[: one.match.start()], reading.plain[one.match.end() :]
    if _AS_OF.match(after) or _OBSERVED.match(after) or _OBSERVED_BEFORE.search(before):
        return True
    pair = next(
        (
            (said[first], said[first + 1])
            for first in (number - 1, number)
            if first >= 0
            and first + 1 < len(said)
            and _are_joined(reading, said[first], said[first + 1])
        ),
        None,
    )
    begins = one.day.day == 1 and _BEGINNING.match(after) is not None
    if pair is None:
        return one.is_turn or begins
    first, last = pair
    if one is last and first.has_year and is_month_end(one.day):
        return True
    if first.weekday or last.weekday or first.has_year:
        return False
    return (first.day.day == 1 and is_month_end(last.day)) or _is_new_year(first.day, last.day)


def _is_new_year(first: date, last: date) -> bool:
    """29 December to 3 January: the days around New Year that every ordinance names."""
    return (first.month, last.month) == (12, 1)


def _is_birth(reading: Reading, one: Said) -> bool:
    """Whether a date says when people were born: they are others each year."""
    is_headed = _BIRTH_HEAD.search(reading.line.head) is not None
    return is_headed or _BORN.match(reading.plain[one.match.end() :]) is not None


def _holds_on(reading: Reading, said: Sequence[Said], number: int, move: Move) -> bool:
    """A term of years that began before the old year and ends after the new one has begun."""
    if not 0 <= number < len(said) - 1 or not _are_joined(reading, *said[number : number + 2]):
        return False
    first, last = said[number : number + 2]
    return (
        last.has_year
        and first.day < date(move.old, 4, 1)
        and last.day > date(move.new, 4, 1)
        and not _is_birth(reading, last)
    )


def _ended_terms(reading: Reading, said: Sequence[Said], move: Move) -> Iterator[tuple[int, int]]:
    """(number, years) of the dates of a term of two to five whole years that ends by the new one.

    「令和6年4月1日から令和9年3月31日まで」 goes on as the next three years.
    """
    for number, (first, last) in enumerate(pairwise(said)):
        length = round((last.day - first.day).days / 365.25)
        is_term = (
            last.has_year
            and 2 <= length <= 5
            and abs((years_later(first.day, length) - last.day).days) <= 1
            and _are_joined(reading, first, last)
            and not _is_birth(reading, last)
        )
        if (
            is_term
            and first.day < date(move.old, 4, 1)
            and (date(move.old, 4, 1) <= last.day <= date(move.new, 4, 1))
        ):
            yield from ((number, length), (number + 1, length))


def _are_joined(reading: Reading, first: Said, last: Said) -> bool:
    between = reading.plain[first.match.end() : last.match.start()]
    return _JOINED.fullmatch(between) is not None


def _step(one: Said, move: Move, reading: Reading) -> timedelta:
    """How far a day with a weekday moves: whole weeks, close to the years."""
    nth = _NTH.search(reading.plain[one.match.end() : one.match.end() + 10])
    target = years_later(one.day, move.delta)
    if nth:
        wanted = WEEKDAYS.index(nth["weekday"])
        return _nth(target.year, target.month, wanted, value(nth["nth"])) - one.day
    weeks = round((target - one.day).days / 7)
    moved = one.day + timedelta(weeks=weeks)
    if moved.month != target.month:
        weeks += 1 if moved < target else -1
    return timedelta(weeks=weeks)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _new_day(
    reading: Reading, said: Sequence[Said], number: int, move: Move, known: dict[date, date]
) -> tuple[date, str]:
    """The day a date becomes, and why. `known` are those of the days met so far, by old day."""
    one = said[number]
    years_on = years_later(one.day, move.delta)
    if _is_birth(reading, one):
        return years_on, "対象となる生年月日です。年齢の条件に合わせて進めます。"
    if one.day in known:
        return known[one.day], f"同じ日（{shown(one.day)}）に合わせました。"
    if one.is_turn or _keeps_date(one):
        return years_on, f"{move.delta}年進めます（日は変わりません）。"
    after = reading.plain[one.match.end() :]
    if one.day.day == 1 and _BEGINNING.match(after):
        closed = "" if _open_day(years_on) == years_on else "閉庁日に当たります。"
        return years_on, f"{move.delta}年進めます（日は変わりません）。{closed}"
    is_limit = _LIMIT.match(after) is not None
    if is_limit and (not one.weekday or is_month_end(one.day)):
        open_day = _open_day(years_on)
        if open_day != years_on:
            return open_day, f"{shown(years_on)}は閉庁日なので、その前の開庁日にしました。"
    if not one.weekday or (is_limit and is_month_end(one.day)):
        return years_on, f"{move.delta}年進めます。"
    known[one.day] = one.day + _step_with(reading, said, number, move, known)
    return known[one.day], _same_weekday(one, known[one.day])


def _step_with(
    reading: Reading, said: Sequence[Said], number: int, move: Move, known: dict[date, date]
) -> timedelta:
    """The step of the day before when the two are one range, so that its length stays."""
    before, one = said[number - 1], said[number]
    if number and before.day in known and _are_joined(reading, before, one):
        step = known[before.day] - before.day
        if (one.day + step).month == one.day.month:
            return step
    return _step(one, move, reading)


def _same_weekday(one: Said, day: date) -> str:
    if WEEKDAYS[one.day.weekday()] != one.weekday:
        return f"元の文書の曜日が暦と合いません（{shown(one.day)}）。日を確認してください。"
    why = f"同じ曜日の日にしました（{shown(one.day)}から）。"
    if jpholiday.is_holiday(day) and not jpholiday.is_holiday(one.day):
        why += f"{jpholiday.is_holiday_name(day)}に当たるので、確認してください。"
    return why


def _keeps_date(one: Said) -> bool:
    is_fixed = (one.day.month, one.day.day) in _FIXED_HOLIDAYS
    return (one.is_holiday and is_fixed) or (not one.weekday and is_month_end(one.day))


def _open_day(day: date) -> date:
    """The day itself, or the last day before it on which an office is open."""
    while day.weekday() > 4 or jpholiday.is_holiday(day) or (day.month, day.day) >= (12, 29):
        day -= timedelta(days=1)
    return day


def _months(reading: Reading, said: Sequence[Said], move: Move) -> Iterator[Found]:
    """「令和9年2月中旬」: a month with its year."""
    for match in MONTH_ONLY.finditer(reading.plain):
        if any(one.match.start() <= match.start() < one.match.end() for one in said):
            continue
        year = year_of(match)
        fiscal = year - (value(match["month"] or match["dotted"]) < 4)
        is_past = history.is_past(reading.plain, *match.span(), surely=fiscal > move.old)
        if is_past or not move.old - 1 <= fiscal <= move.old + 1:
            continue
        name = "number" if match["number"] else "west"
        start, end = match.span(name)
        new = like(reading.raw(start, end), value(match[name]) + move.delta, first=name == "number")
        text = reading.replaced(*match.span(), [(start, end, new)])
        yield reading.found(*match.span(), DAY, text, f"{move.delta}年進めます。")
