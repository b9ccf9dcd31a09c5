"""Days as an office writes and counts them: 令和, the day of the week, working days, 9 o'clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

from skills.minutes.holidays import is_working_day

JST = timezone(timedelta(hours=9), "JST")
MORNING = time(9, 0)
WEEK_DAYS = "月火水木金土日"
DAY = timedelta(days=1)


def today(now: datetime) -> date:
    """The day it is in Japan."""
    return now.astimezone(JST).date()


def wareki(day: date) -> str:
    """2026-09-15 → 令和8年9月15日（火）. Years before Reiwa stay as they are counted elsewhere."""
    is_reiwa = day >= date(2019, 5, 1)
    year = day.year - 2018
    said = f"令和{'元' if year == 1 else year}年" if is_reiwa else f"{day.year}年"
    return f"{said}{day.month}月{day.day}日（{WEEK_DAYS[day.weekday()]}）"


def morning(day: date) -> datetime:
    """Nine in the morning of a day, as an office in Japan has it."""
    return datetime.combine(day, MORNING, JST)


def working_day_before(day: date) -> date:
    day -= DAY
    while not is_working_day(day):
        day -= DAY
    return day


def working_day_from(day: date) -> date:
    """The day itself, or the next one on which the office is open."""
    while not is_working_day(day):
        day += DAY
    return day
