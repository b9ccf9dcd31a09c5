"""What the patterns of days share: numbers, clock times, years, and days that may not exist."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Collection
from datetime import date

Match = re.Match[str]
# A match, the day of the meeting if it is known, and the office's own days of closure.
Resolve = Callable[[Match, date | None, Collection[date]], date | None]
Rules = list[tuple[re.Pattern[str], Resolve]]

N = r"(?:[0-9]{1,2}|[〇一二三四五六七八九十]{1,4})"
LEFT = r"(?<![0-9〇一二三四五六七八九十百千])"
WEEKDAY = r"[月火水木金土日]曜日?"
IN_BRACKETS = r"\s?\([月火水木金土日](?:曜日?)?(?:・?祝日?)?\)"
CLOCK = (
    rf"(?:の?(?:(?:午前|午後|朝|夕方|夜)の?)?(?:{N}時(?!間)(?:半|{N}分)?|[0-9]{{1,2}}:[0-9]{{2}})"
    r"|の?正午|の?夕方|の?夕刻|の?午前中|の?午後(?:一番?|イチ)?(?![0-9])|の?朝(?:一番?|いち|イチ)?"
    r"|の?夜|の?お?昼|の?定時)"
)
ABOUT = r"(?:頃|ごろ|ころ)?"
WHOLE = r"(?:中(?![旬間止学央心])|じゅう|いっぱい|のうち|内)?"
YEAR = (
    rf"(?:(?P<era>令和|平成|昭和|(?<![A-Za-z])[RHS](?=[0-9]))(?P<era_year>{N}|元)年"
    r"|(?P<year>[0-9]{4})年|(?P<short_year>(?<![0-9])[0-9]{1,2}年(?=[0-9]{1,2}月(?![間額])))"
    r"|(?P<near_year>今年|本年|来年|再来年|翌年|昨年|去年|一昨年|前年|同年))"
)
MONTH = (
    rf"(?:{LEFT}(?P<month>{N})月(?![額間])"
    r"|(?P<near_month>今月|本月|当月|来月|再来月|翌月|先月|前月|同月))"
)
# The first year of an era minus one. Source: the Cabinet Orders naming each era (改元).
ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "R": 2018, "H": 1988, "S": 1925}
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}


def rule(rules: Rules, pattern: str) -> Callable[[Resolve], Resolve]:
    """Put a pattern and the function that says its day on a list of rules."""

    def add(resolve: Resolve) -> Resolve:
        rules.append((re.compile(pattern), resolve))
        return resolve

    return add


def number(written: str) -> int:
    """「12」「十二」「二〇」「元」 as a number."""
    if written == "元":
        return 1
    if written.isdecimal():
        return int(written)
    if "十" in written:
        tens, _, ones = written.partition("十")
        return _DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0)
    return int("".join(str(_DIGITS[letter]) for letter in written))


def safe(year: int | None, month: int, day: int) -> date | None:
    """The day, or None when there is no such day or no year."""
    try:
        return date(year, month, day) if year else None
    except ValueError:
        return None


_SAID_WEEKDAY = re.compile(r"\(([月火水木金土日])|([月火水木金土日])曜")


def agrees(said: str, day: date) -> bool:
    """Whether a day falls on the weekday that the words give; True when they give none."""
    found = _SAID_WEEKDAY.search(said)
    return not found or "月火水木金土日".index(found[1] or found[2]) == day.weekday()


def following(base: date | None, month: int, day: int) -> date | None:
    """The next such day from the day of the meeting on; 29 February may be years away."""
    if base is None:
        return None
    days = (safe(base.year + ahead, month, day) for ahead in range(9))
    return next((found for found in days if found and found >= base), None)


def months_after(base: date, count: int) -> tuple[int, int]:
    """Year and month so many months later."""
    years, month = divmod(base.month - 1 + count, 12)
    return base.year + years, month + 1


def last_of(part: str | None, year: int, month: int) -> int | None:
    """The last day of a part of a month; None when the part has no sure end."""
    if not 1 <= month <= 12:
        return None
    ends = {"上旬": 10, "初旬": 10, "中旬": 20, "前半": 15}
    if part in ("初め", "頭", "の頭", "初", "半ば", "中頃"):
        return None
    return ends.get(part or "") or calendar.monthrange(year, month)[1]
