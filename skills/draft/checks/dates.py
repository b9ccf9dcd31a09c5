"""Checks of dates and numbers: weekdays, days that do not exist, eras, fiscal years, periods."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from skills.draft.checks.days import (
    ERAS,
    WEEKDAYS,
    YEAR,
    Day,
    days,
    era_year,
    fiscal_year,
    in_era,
    is_possible,
    own_day,
)
from skills.draft.checks.document import Document
from skills.draft.checks.rules import Rule
from skills.draft.checks.wording import Found

_BOTH = re.compile(
    r"(?P<era>令和|平成|昭和)(?P<era_year>元|\d{1,2})年?(?P<fiscal>度?)"
    r"\((?:西暦)?(?P<year>(?:19|20)\d\d)(?:年度?)?\)"
)
_BOTH_TURNED = re.compile(
    r"(?P<year>(?:19|20)\d\d)年?(?P<fiscal>度?)\((?P<era>令和|平成|昭和)(?P<era_year>元|\d{1,2})(?:年度?)?\)"
)
_ERA_ONLY = re.compile(r"(?P<era>令和|平成|昭和|大正)(?P<year>\d{1,2})(?=年)")
_ERA_MONTH = re.compile(r"(?P<era>令和|平成|昭和)(?P<year>元|\d{1,2})年(?P<month>\d{1,2})月")
_NO_MONTH = re.compile(r"(?<=年)(?:1[3-9]|[2-9]\d|0)月(?!分|間|\d{1,2}日)")
_LETTER_NUMBER = re.compile(r"[ 　]{0,80}(?P<x>\d{1,2})[^\d第\s]{1,8}第[\d-]{1,8}号[ 　]{0,9}$")
_FIRST_YEAR = re.compile(r"(?P<era>令和|平成)(?P<x>1)年(?!目|生)")
_FISCAL_DATE = re.compile(
    rf"(?P<f_era>令和|平成)(?P<f_year>元|\d{{1,2}})年度(?P<end>末)?"
    rf"(?:[(]|は[、]?|の?期間は[、]?|[:：][ 　]?){YEAR}(?P<month>\d{{1,2}})月"
)
_BETWEEN = re.compile(
    r"[ 　]{0,2}(?:の?(?:午前|午後)?\d{1,2}(?:時(?:半|\d{1,2}分)?|:\d\d)|正午)?[ 　]{0,2}"
    r"(?:から|より|~|-|−|―|–|ー|－|→)[ 　]{0,2}"
)
_CLOCK = re.compile(
    r"(?<![\d:])(?P<half>午前|午後)?[ 　]?(?:(?P<hour>\d{1,2})[ 　]?時(?!間|点|期|代|刻|系)"
    r"(?:(?P<minute>\d{1,2})分(?!間)|(?P<mid>半))?|(?P<hour2>\d{1,2}):(?P<minute2>\d\d)(?![:\d]))"
)
_CLOCKS_APART = re.compile(r"[ 　]{0,2}(?:から|より|~|-|−|―|–|－)[ 　]{0,2}")
_SHORT_DATE = re.compile(
    r"(?<![A-Za-z0-9./])(?:(?P<mark>[RHS])(?P<era_year>\d{1,2})|(?P<era>令和|平成)(?P<era_year2>\d{1,2}))"
    r"(?P<sep>[./])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?![\d./])"
)
_UNCOUNTED = re.compile(
    r"(?<![\d,.第万億\-/])(?P<x>\d{4,9})(?=円|人|件|名|世帯|戸|部(?!屋)|冊|台|枚|個|回|点|食|本(?!部|町|庁|通|文|市|県|人)|平方|キロ|トン|ヘクタール)"
)
_MISCOUNTED = re.compile(
    r"(?<![\d,.])(?P<x>\d{1,3}(?:,\d{1,9}){1,4})(?=円|人|件|名|世帯|戸|冊|台|枚|個|回|点|食|平方|千円|万円|百万円)"
)
_NARROW = ("table", "item")
_MARKS = {"R": "令和", "H": "平成", "S": "昭和"}


def weekday(document: Document, _: Rule) -> Iterator[Found]:
    """The weekday beside a date is not that of the day."""
    for day in days(document):
        if day.weekday and day.value and WEEKDAYS[day.value.weekday()] != day.weekday:
            right = WEEKDAYS[day.value.weekday()]
            yield Found(
                day.weekday_at,
                day.weekday_at + 1,
                right,
                f"{in_era(day.value)}は{right}曜日です。",
            )


def no_such_date(document: Document, _: Rule) -> Iterator[Found]:
    """A month without that day, and a year that an era does not have."""
    for day in days(document):
        if not is_possible(day.year if day.is_sure else 0, day.month, day.day):
            yield Found(day.start, day.weekday_at if day.weekday else day.end)
    for match in _ERA_ONLY.finditer(document.plain):
        written = int(match["year"])
        year, last = ERAS[match["era"]][0] + written, ERAS[match["era"]][2]
        if written == 0 or year > last.year:
            fix = (
                f"令和{year - ERAS['令和'][0]}" if match["era"] == "平成" and written > 31 else None
            )
            yield Found(*match.span(), fix, f"{match[0]}年はありません。")
    for match in _NO_MONTH.finditer(document.plain):
        yield Found(*match.span(), None, "その月はありません。")
    for match in _ERA_MONTH.finditer(document.plain):
        yield from _outside_its_era(match)


def _outside_its_era(match: re.Match[str]) -> Iterator[Found]:
    """平成31年5月 and 令和元年4月 are in another era."""
    month = int(match["month"])
    year = era_year(match["era"], match["year"])
    if not 1 <= month <= 12 or match["era"] == "大正":
        return
    names = list(ERAS)
    place = names.index(match["era"])
    _, first, last = ERAS[match["era"]]
    end = match.end("year") + 1
    if year == last.year and month > last.month:
        yield Found(match.start(), end, f"{names[place - 1]}元年", "改元の後の日付です。")
    elif year == first.year and month < first.month:
        before = names[place + 1]
        fix = f"{before}{year - ERAS[before][0]}年"
        yield Found(match.start(), end, fix, "改元の前の日付です。")


def era_year_pairs(document: Document, _: Rule) -> Iterator[Found]:
    """令和7年（2024年）, and 令和1年 for 令和元年."""
    for pattern in (_BOTH, _BOTH_TURNED):
        for match in pattern.finditer(document.plain):
            year = era_year(match["era"], match["era_year"])
            if year != int(match["year"]):
                right = document.text[match.start() : match.end()]
                start, end = match.start("year") - match.start(), match.end("year") - match.start()
                right = f"{right[:start]}{_as_written(right[start:end], year)}{right[end:]}"
                yield Found(*match.span(), right)
    for match in _FIRST_YEAR.finditer(document.plain):
        yield Found(
            match.start(), match.end(), f"{match['era']}元年", "最初の年は「元年」と書きます。"
        )


def _as_written(before: str, year: int) -> str:
    """The year in the width the text has."""
    text = str(year)
    is_full = not before.isascii()
    return text.translate({ord(d): ord(d) + 0xFEE0 for d in text}) if is_full else text


def fiscal_years(document: Document, _: Rule) -> Iterator[Found]:
    """令和8年度（令和7年4月1日から…）: the date lies in another fiscal year."""
    for match in _FISCAL_DATE.finditer(document.plain):
        month = int(match["month"])
        if not 1 <= month <= 12:
            continue
        year = era_year(match["era"], match["era_year"]) if match["era"] else int(match["year"])
        meant = era_year(match["f_era"], match["f_year"])
        found = fiscal_year(date(year, month, 1))
        # Accounts of a fiscal year stay open until the end of May after it.
        if found != meant and not (match["end"] and found == meant + 1):
            yield Found(*match.span())
    yield from _letter_number(document)


def _letter_number(document: Document) -> Iterator[Found]:
    """「7総第12号」 on a letter of 令和8年度; some offices count calendar years, and may."""
    day = own_day(document)
    for line in document.lines[:8] if day else ():
        match = _LETTER_NUMBER.match(line.plain)
        if match is None or day is None:
            continue
        first = ERAS["令和"][0]
        if int(match["x"]) not in (day.year - first, fiscal_year(day) - first):
            start, end = line.start + match.start("x"), line.start + match.end("x")
            yield Found(start, end, None, "文書番号の年が、文書の日付の年度と合いません。")


def periods(document: Document, _: Rule) -> Iterator[Found]:
    """An end before its beginning: of days, and of times on one day."""
    found = days(document)
    for first, second in pairwise(found):
        if not _BETWEEN.fullmatch(document.plain[first.end : second.start]):
            continue
        if _is_turned(first, second):
            yield Found(first.start, second.end)
    clocks = list(_CLOCK.finditer(document.plain))
    for one, other in pairwise(clocks):
        apart = document.plain[one.end() : other.start()]
        if _CLOCKS_APART.fullmatch(apart) and _is_earlier(one, other):
            yield Found(one.start(), other.end())


def _is_earlier(one: re.Match[str], other: re.Match[str]) -> bool:
    """Whether the second time is before the first; a night goes on into the next day."""
    begin, finish = _minutes(one), _minutes(other, one["half"] or "")
    is_night = begin >= 18 * 60 or (one["half"], other["half"]) == ("午後", "午前")
    return finish < begin and not is_night


def _is_turned(first: Day, second: Day) -> bool:
    if second.is_sure:
        start, end = first.value, second.value
        return first.is_sure and start is not None and end is not None and end < start
    # 「4月20日から4月10日まで」; 「12月20日から1月10日まで」 goes on into the next year.
    return first.month == second.month and second.day < first.day


def _minutes(match: re.Match[str], before: str = "") -> int:
    hour = int(match["hour"] or match["hour2"])
    half = match["half"] or (before if hour <= 12 else "")
    minute = 30 if match["mid"] else int(match["minute"] or match["minute2"] or 0)
    return (hour % 12 + 12 if half == "午後" and hour < 13 else hour) * 60 + minute


def clock(document: Document, _: Rule) -> Iterator[Found]:
    """25時, 午後14時, 10時75分."""
    for match in _CLOCK.finditer(document.plain):
        hour, half = int(match["hour"] or match["hour2"]), match["half"]
        minute = int(match["minute"] or match["minute2"] or 0)
        if minute > 59 or hour > 29 or (hour > 24 and not match["hour2"]):
            yield Found(*match.span())
        elif half and hour > 12:
            rest = document.text[match.end("hour" if match["hour"] else "hour2") : match.end()]
            fix = f"午後{hour - 12}{rest}" if half == "午後" and hour <= 24 else None
            yield Found(*match.span(), fix, f"{half}は12時までです。")


def date_form(document: Document, _: Rule) -> Iterator[Found]:
    """R8.4.1 for 令和8年4月1日."""
    for match in _SHORT_DATE.finditer(document.plain):
        month, day = int(match["month"]), int(match["day"])
        # Forms and tables have no room for more.
        if not is_possible(0, month, day) or document.line_at(match.start()).kind in _NARROW:
            continue
        era = match["era"] or _MARKS[match["mark"]]
        fix = f"{era}{int(match['era_year'] or match['era_year2'])}年{month}月{day}日"
        yield Found(*match.span(), fix)


def number_comma(document: Document, _: Rule) -> Iterator[Found]:
    """10000円, and a comma in the wrong place."""
    for match in _UNCOUNTED.finditer(document.plain):
        yield Found(*match.span("x"), _grouped(document.text, *match.span("x")))
    for match in _MISCOUNTED.finditer(document.plain):
        groups = match["x"].split(",")
        if any(len(group) != 3 for group in groups[1:]):
            # 「12,00円」 may be 1,200 or 12,000: a person has to look.
            yield Found(*match.span("x"), None, "桁区切りのコンマの位置が違います。")


def _grouped(text: str, start: int, end: int) -> str:
    written = text[start:end]
    grouped = f"{int(unicodedata.normalize('NFKC', written)):,}"
    if written.isascii():
        return grouped
    return "".join("，" if letter == "," else chr(ord(letter) + 0xFEE0) for letter in grouped)
