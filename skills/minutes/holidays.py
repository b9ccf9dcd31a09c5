"""The days a municipal office is closed, by rule: nothing to download or to keep up to date."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from functools import lru_cache


def is_working_day(day: date, holidays: Collection[date] = ()) -> bool:
    """Whether a municipal office is open.

    Source: Local Autonomy Act, art. 4-2(2): Saturdays, Sundays, public holidays, and the days
    around New Year set by ordinance, in practice 29 December to 3 January.
    """
    turn_of_year = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
    closed = day.weekday() > 4 or turn_of_year
    return not closed and day not in holidays and day not in public_holidays(day.year)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """Japanese public holidays of a year from 2020 to 2099.

    Source: Act on National Holidays (昭和23年法律第178号), art. 2 and 3, and for 2020 and 2021 the
    Act on Special Measures for the Olympic Games (平成27年法律第33号), art. 29. The equinoxes are
    fixed each February by the official gazette; until then by 新こよみ便利帳 (恒星社), 1980–2099.
    """
    since = year - 1980
    spring = int(20.8431 + 0.242194 * since - since // 4)
    autumn = int(23.2488 + 0.242194 * since - since // 4)
    moved = {
        2020: [date(2020, 7, 23), date(2020, 7, 24), date(2020, 8, 10)],
        2021: [date(2021, 7, 22), date(2021, 7, 23), date(2021, 8, 8)],
    }.get(year, [_monday(year, 7, 3), date(year, 8, 11), _monday(year, 10, 2)])
    fixed = ((1, 1), (2, 11), (2, 23), (3, spring), (4, 29), (5, 3), (5, 4), (5, 5))
    days = {date(year, month, day) for month, day in fixed}
    days |= {date(year, 9, autumn), date(year, 11, 3), date(year, 11, 23), *moved}
    days |= {_monday(year, 1, 2), _monday(year, 9, 3)}
    one = timedelta(days=1)
    # Art. 3(3): a day between two holidays is one. Art. 3(2): one on a Sunday moves to the next
    # day that is none.
    between = {day + one for day in days if day + 2 * one in days} - days
    moved_on = set()
    for day in days:
        if day.weekday() == 6:
            while day in days:
                day += one
            moved_on.add(day)
    return frozenset(days | between | moved_on)


def _monday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7 + 7 * (nth - 1))
