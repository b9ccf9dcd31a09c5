"""Dates as an office reads and writes them: 令和8年12月4日（金）, 2026-12-04, R8.12.4."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone

OFFICE_TIME = timezone(timedelta(hours=9), "JST")
WEEKDAYS = "月火水木金土日"
# First year of each era in the Western calendar.
ERAS = {"令和": 2019, "平成": 1989, "昭和": 1926, "R": 2019, "H": 1989, "S": 1926}

_ERA = re.compile(
    r"(令和|平成|昭和|[RHS])\s?(\d{1,2}|元)\s?[年./-]\s?(\d{1,2})\s?[月./-]\s?(\d{1,2})日?"
)
_WESTERN = re.compile(r"(\d{4})\s?[年./-]\s?(\d{1,2})\s?[月./-]\s?(\d{1,2})日?")
_WEEKDAY = re.compile(r"\s?[（(]([月火水木金土日])(?:曜日?)?[）)]")


def day_of(now: datetime) -> date:
    """The day it is in the office: at 8 in the morning it is still yesterday in UTC."""
    return now.astimezone(OFFICE_TIME).date()


def parse(text: str) -> date:
    """Read one whole date.

    Raises ValueError with what is wrong in Japanese: no year, no such day, or a weekday that is
    not the day's.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    found = _ERA.match(plain) or _WESTERN.match(plain)
    if found is None:
        raise ValueError("日付は 2026-12-04 か 令和8年12月4日 の形で、年から入れてください。")
    *era, year, month, day = found.groups()
    first = ERAS[era[0]] - 1 if era else 0
    try:
        value = date(first + (1 if year == "元" else int(year)), int(month), int(day))
    except ValueError as error:
        raise ValueError(f"{text.strip()} という日はありません。") from error
    rest = plain[found.end() :]
    weekday = _WEEKDAY.fullmatch(rest)
    if rest and weekday is None:
        raise ValueError("日付だけを入れてください（時刻などは別の欄に入れます）。")
    if weekday is not None and weekday[1] != WEEKDAYS[value.weekday()]:
        raise ValueError(f"{japanese(value)}は（{WEEKDAYS[value.weekday()]}）です。")
    return value


def japanese(day: date, *, weekday: bool = False) -> str:
    """令和8年12月4日, with （金） when asked; before 令和 the Western year."""
    shown = f"（{WEEKDAYS[day.weekday()]}）" if weekday else ""
    # 2019-05-01 is the first day of 令和; earlier days are not written by a new document.
    if day < date(2019, 5, 1):
        return f"{day.year}年{day.month}月{day.day}日{shown}"
    year = day.year - 2018
    return f"令和{'元' if year == 1 else year}年{day.month}月{day.day}日{shown}"


def western(day: date) -> str:
    """2026年12月4日（金曜日）, as plain Japanese for foreign residents writes it."""
    return f"{day.year}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}曜日）"


def fiscal_year(day: date) -> str:
    """令和8年度: an office's year begins on 1 April."""
    year = day.year - (day.month < 4) - 2018
    return f"令和{'元' if year == 1 else year}年度"
