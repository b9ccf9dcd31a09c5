"""When things are due: Japanese words for days and periods, and the day if it is sure.

A period stands for its last day: 11月上旬 → the 10th, 今週中 → Friday. A month or day without a
year is its next occurrence; without the date of the meeting it has no day.
What lies in the past by its own words (昨年、先月、先週) is no due date and is not found.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from skills.minutes.holidays import is_working_day

Match = re.Match[str]
Resolve = Callable[[Match, date | None, Collection[date]], date | None]


@dataclass(frozen=True, slots=True)
class Found:
    """Words about a day: `text[start:end]` of what was searched, and the day if it is sure."""

    start: int
    end: int
    text: str
    day: date | None


# The first year of an era minus one. Source: the Cabinet Orders naming each era (改元).
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "R": 2018, "H": 1988, "S": 1925}
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}

_N = r"(?:[0-9]{1,2}|[〇一二三四五六七八九十]{1,4})"
_LEFT = r"(?<![0-9〇一二三四五六七八九十百千])"
_WEEKDAY = r"[月火水木金土日]曜日?"
_IN_BRACKETS = r"\s?\([月火水木金土日](?:曜日?)?(?:・祝)?\)"
_CLOCK = (
    rf"(?:の?(?:(?:午前|午後|朝|夕方|夜)の?)?{_N}時(?!間)(?:半|{_N}分)?|の?正午|の?夕方|の?午前中"
    r"|の?午後(?![0-9])|の?朝(?:一番?|いち)?|の?夜|の?昼)"
)
_ABOUT = r"(?:頃|ごろ|ころ)?"
_WHOLE = r"(?:中(?![旬間止学央心])|じゅう|いっぱい|のうち|内)?"
_YEAR = (
    rf"(?:(?P<era>令和|平成|昭和)(?P<era_year>{_N}|元)年|(?P<year>[0-9]{{4}})年"
    r"|(?P<near_year>今年|本年|来年|再来年|翌年|昨年|去年|一昨年|前年|同年))"
)
_MONTH = (
    rf"(?:{_LEFT}(?P<month>{_N})月(?!額)"
    r"|(?P<near_month>今月|本月|当月|来月|再来月|翌月|先月|前月|同月))"
)
_PART = r"(?P<part>末日?|上旬|中旬|下旬|前半|後半|初め|初旬|頭|の頭|半ば|中頃)"
_MEETING = r"(?:の?(?:市議会|町議会|村議会|議会|定例会|定例議会|補正予算?))"

_RULES: list[tuple[re.Pattern[str], Resolve]] = []


def find(text: str, base: date | None, holidays: Collection[date] = ()) -> tuple[Found, ...]:
    """The due dates a text may name, in order, none overlapping.

    `base` is the day of the meeting; `holidays` are days the office is closed besides weekends,
    public holidays and 29 December to 3 January. 「から」 between two days makes one of them.
    """
    plain, origin = _plain(text)
    matches: list[tuple[Match, Resolve]] = []
    at = 0
    for match, resolve in _in_order(plain):
        if match.start() >= at:
            matches.append((match, resolve))
            at = match.end()
    found: list[Found] = []
    last_end, named = -1, False
    last_day: date | None = None
    for match, resolve in matches:
        start, end = match.span()
        joined = found and _JOINT.fullmatch(plain[last_end:start])
        day = resolve(match, base, holidays)
        if joined and last_day and (resolve in _COUNTED or (named and day and day < last_day)):
            # 「9月21日から30日」, 「来年12月から3月」 go on from the first day.
            day = resolve(match, last_day, holidays)
        first = found.pop().start if joined else origin[start]
        found.append(Found(first, origin[end - 1] + 1, text[first : origin[end - 1] + 1], day))
        last_end, last_day, named = end, day, "年" in match[0] or (named and bool(joined))
    return tuple(one for one in found if not _PAST.search(unicodedata.normalize("NFKC", one.text)))


_JOINT = re.compile(r"(?:から|より|[~〜～\-・、]|と|及び)")
_PAST = re.compile(r"昨年|去年|一昨年|前年|同年|先月|前月|同月|先週|前週|昨年度|前年度")


def _in_order(plain: str) -> Iterator[tuple[Match, Resolve]]:
    """Every match of every rule; the first to start comes first, of those the longest."""
    every = [
        (match.start(), -match.end(), number, match, resolve)
        for number, (pattern, resolve) in enumerate(_RULES)
        for match in pattern.finditer(plain)
    ]
    for _, _, _, match, resolve in sorted(every, key=lambda one: one[:3]):
        yield match, resolve


def _plain(text: str) -> tuple[str, list[int]]:
    """The text after NFKC, letter by letter, and where each letter of it came from."""
    letters: list[str] = []
    origin: list[int] = []
    for at, letter in enumerate(text):
        for plain in unicodedata.normalize("NFKC", letter):
            letters.append(plain)
            origin.append(at)
    return "".join(letters), origin


def _rule(pattern: str) -> Callable[[Resolve], Resolve]:
    def add(resolve: Resolve) -> Resolve:
        _RULES.append((re.compile(pattern), resolve))
        return resolve

    return add


@_rule(
    r"(?<![0-9/.-])(?:(?P<era>[RHS])(?P<era_year>[0-9]{1,2})|(?P<year>[0-9]{4}))[./-]"
    rf"(?P<month>[0-9]{{1,2}})[./-](?P<day>[0-9]{{1,2}})(?![0-9/])(?:{_IN_BRACKETS})?"
    rf"{_CLOCK}?"
)
def _written_in_full(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return _safe(_year_of(match, base), int(match["month"]), int(match["day"]))


# 「1/3」 is also a third: only what follows tells.
@_rule(
    r"(?<![0-9/.])(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})"
    rf"(?:{_IN_BRACKETS}{_CLOCK}?|{_CLOCK}|(?=まで|迄|に(?!減|縮)|付|必着|締|〆|から|頃|の[朝夕]))"
)
def _month_slash_day(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return _next(base, int(match["month"]), int(match["day"]))


@_rule(
    rf"(?:{_YEAR}の?)?{_MONTH}(?:の?(?P<day>{_LEFT}{_N})日(?!間|以内|前|目|後|分)"
    rf"(?:{_IN_BRACKETS}|の?{_WEEKDAY})?|の?{_PART}|{_WHOLE}){_CLOCK}?{_ABOUT}"
)
def _month_and_day(match: Match, base: date | None, _: Collection[date]) -> date | None:
    year = _year_of(match, base)
    near = match["near_month"]
    if near:
        if base is None or near in ("翌月", "同月"):
            return None
        year, month = _months_after(base, {"来月": 1, "再来月": 2}.get(near, 0))
    else:
        month = _number(match["month"])
    if match["day"]:
        day = _number(match["day"])
        return _safe(year, month, day) if year else _next_unless_named(match, base, month, day)
    last = _last_of(match["part"], year or 2000, month)
    if last is None or (year is None and (base is None or match["near_year"])):
        return None
    if year is None and base is not None:
        year = base.year if month >= base.month else base.year + 1
        last = _last_of(match["part"], year, month)
    return _safe(year, month, last or 0)


@_rule(rf"(?:{_YEAR}の?)?{_LEFT}{_N}月{_MEETING}")
@_rule(
    r"(?:次回|次の|今度の)(?:の?[一-龥ァ-ヶー]{0,8}?(?:会議?|議会|庁議|打合せ|打ち合わせ)(?![一-龥]))?"
)
@_rule(r"(?:本会議|議会|会議|閉会|委員会|総会)(?:終了後|閉会後)")
@_rule(
    r"(?:(?:大型)?連休|お?盆(?:休み)?|正月|夏休み|冬休み|春休み|休み)(?:明け|前|中)"
    r"|(?:来年の?|今年の?)?(?:春|夏|秋|冬)(?:頃|ごろ|(?=まで|に[、は]))"
)
@_rule(
    rf"(?:今|来|再来|先)?週(?:末|半ば|前半|後半|の?初め|の?頭)(?!年){_ABOUT}|(?:来年の?)?年明け"
    r"|来年度?当初|年度(?:明け|初め|替わり)|(?:今年の|年の)?暮れ|(?<![月一-龥])[上中下]旬"
)
def _no_sure_day(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return None


@_rule(
    rf"(?:(?P<era>令和|平成)(?P<era_year>{_N}|元)|(?P<year>[0-9]{{4}})"
    r"|(?P<near>今|本|当|来|次|翌|再来|昨|前)|(?<![一-龥0-9]))年度"
    rf"(?:の?(?P<half>[上下]半期|第[1-4一二三四]四半期|前期|後期))?(?P<tail>の?末|中|内|いっぱい)?{_ABOUT}"
)
def _fiscal_year(match: Match, base: date | None, _: Collection[date]) -> date | None:
    """A fiscal year ends on 31 March. Source: Local Autonomy Act, art. 208."""
    if base is None and not (match["era"] or match["year"]):
        return None
    if match["era"]:
        year = _ERAS[match["era"]] + (_number(match["era_year"]))
    elif match["year"]:
        year = int(match["year"])
    else:
        assert base is not None
        steps = {"来": 1, "次": 1, "再来": 2, "昨": -1, "前": -1}
        if match["near"] == "翌":
            return None
        year = base.year - (base.month < 4) + steps.get(match["near"] or "", 0)
    half = match["half"] or ""
    if half[:1] in ("上", "前"):
        return date(year, 9, 30)
    if half.startswith("第"):
        return {1: date(year, 6, 30), 2: date(year, 9, 30), 3: date(year, 12, 31)}.get(
            _number(half[1]), date(year + 1, 3, 31)
        )
    return date(year + 1, 3, 31)


@_rule(
    rf"(?P<week>今週|来週|再来週|翌週|先週|前週)(?:の?(?P<weekday>[月火水木金土日])曜日?"
    rf"(?:{_IN_BRACKETS})?|{_WHOLE}){_CLOCK}?"
)
def _week(match: Match, base: date | None, holidays: Collection[date]) -> date | None:
    steps = {"今週": 0, "来週": 1, "再来週": 2}
    if base is None or match["week"] not in steps:
        return None
    monday = base - timedelta(days=base.weekday()) + timedelta(weeks=steps[match["week"]])
    if match["weekday"]:
        return monday + timedelta(days="月火水木金土日".index(match["weekday"]))
    day = monday + timedelta(days=4)
    while day > max(base, monday) and not is_working_day(day, holidays):
        day -= timedelta(days=1)
    return day if day >= base else None


@_rule(r"週明け(?:の?月曜日?)?")
def _start_of_next_week(match: Match, base: date | None, holidays: Collection[date]) -> date | None:
    if base is None:
        return None
    day = base + timedelta(days=7 - base.weekday())
    while not is_working_day(day, holidays):
        day += timedelta(days=1)
    return day


@_rule(
    rf"(?<!毎週の)(?<!毎週)(?<!第[1-5一二三四五])(?:今度の|次の)?(?P<weekday>[月火水木金土日])曜日?"
    rf"(?:{_CLOCK}|(?=まで|に[^つ]|中|は|か|頃))"
)
def _weekday(match: Match, base: date | None, _: Collection[date]) -> date | None:
    if base is None:
        return None
    ahead = ("月火水木金土日".index(match["weekday"]) - base.weekday()) % 7
    return base + timedelta(days=ahead or 7)


@_rule(
    rf"(?P<day>本日|今日|明日|あす(?!か)|あした|明後日|あさって|しあさって|明朝(?:一番?)?){_WHOLE}{_CLOCK}?"
)
def _near_day(match: Match, base: date | None, _: Collection[date]) -> date | None:
    steps = {"本日": 0, "今日": 0, "明後日": 2, "あさって": 2, "しあさって": 3}
    return base + timedelta(days=steps.get(match["day"], 1)) if base else None


@_rule(
    rf"(?P<from>(?:本日|今日|明日)から)?(?:今後)?{_LEFT}(?P<count>[0-9]{{1,3}}|[一二三四五六七八九十]{{1,3}})"
    r"(?P<unit>営業日|開庁日|平日|日間?|週間|[かヶケカ箇]月|年|時間)(?:以内|後(?!半|期|方|ろ))"
)
def _within(match: Match, base: date | None, holidays: Collection[date]) -> date | None:
    before = match.string[: match.start()]
    # 「納品後10日以内」 counts from a day that nobody named.
    if base is None or (not match["from"] and before.endswith(("後", "から", "より", "前"))):
        return None
    count, unit = _number(match["count"]), match["unit"]
    base += timedelta(days=(match["from"] or "").startswith("明日"))
    if unit in ("営業日", "開庁日", "平日"):
        while count:
            base += timedelta(days=1)
            count -= is_working_day(base, holidays)
        return base
    if unit.endswith("月") or unit == "年":
        year, month = _months_after(base, count * (12 if unit == "年" else 1))
        return date(year, month, min(base.day, calendar.monthrange(year, month)[1]))
    if unit == "時間":
        return None
    return base + timedelta(days=count * (7 if unit == "週間" else 1))


@_rule(r"(?<![一-龥0-9])(?:月末|月内|月中(?!旬)|月いっぱい)")
def _this_month(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return (
        _safe(base.year, base.month, _last_of(None, base.year, base.month) or 0) if base else None
    )


@_rule(r"(?<![一-龥0-9])年(?:内|末(?!年始|調整))|今年(?:中|いっぱい|末)|来年(?:中|末)")
def _this_year(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return date(base.year + match[0].startswith("来年"), 12, 31) if base else None


@_rule(
    rf"{_LEFT}(?<!月)(?<!月の)(?P<day>{_N})日(?:{_IN_BRACKETS}{_CLOCK}?|{_CLOCK}"
    r"|(?=まで|迄|に(?![1一]|は?[何]|つき)|頃|付|必着|締|の[土日月火水木金]曜|には))"
)
def _day_of_month(match: Match, base: date | None, _: Collection[date]) -> date | None:
    if base is None:
        return None
    day = _number(match["day"])
    for ahead in range(3):
        year, month = _months_after(base, ahead)
        found = _safe(year, month, day)
        if found and found >= base:
            return found
    return None


_COUNTED = (_day_of_month, _within)


# A clock time alone does not say the day.
@_rule(
    rf"{_LEFT}(?:(?:午前|午後|夕方)の?)?{_LEFT}{_N}時(?!間|点|期|代)(?:半|{_N}分)?(?=まで|迄|必着|締)|正午(?=まで)"
)
def _clock(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return None


def _year_of(match: Match, base: date | None) -> int | None:
    """The year that the words name, or None."""
    groups = match.groupdict()
    if groups.get("era"):
        return _ERAS[groups["era"]] + _number(groups["era_year"])
    if groups.get("year"):
        return int(groups["year"])
    steps = {"今年": 0, "本年": 0, "来年": 1, "再来年": 2}
    near = groups.get("near_year")
    return base.year + steps[near] if base and near in steps else None


def _next_unless_named(match: Match, base: date | None, month: int, day: int) -> date | None:
    return None if match["near_year"] else _next(base, month, day)


def _next(base: date | None, month: int, day: int) -> date | None:
    """The next such day from the day of the meeting on; 29 February may be years away."""
    if base is None:
        return None
    days = (_safe(base.year + ahead, month, day) for ahead in range(9))
    return next((found for found in days if found and found >= base), None)


def _last_of(part: str | None, year: int, month: int) -> int | None:
    """The last day of a part of a month; None when the part has no sure end."""
    if not 1 <= month <= 12:
        return None
    ends = {"上旬": 10, "初旬": 10, "中旬": 20, "前半": 15}
    if part in ("初め", "頭", "の頭", "半ば", "中頃"):
        return None
    return ends.get(part or "") or calendar.monthrange(year, month)[1]


def _months_after(base: date, count: int) -> tuple[int, int]:
    years, month = divmod(base.month - 1 + count, 12)
    return base.year + years, month + 1


def _safe(year: int | None, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year else None
    except ValueError:
        return None


def _number(written: str) -> int:
    """「12」「十二」「二〇」「元」 as a number."""
    if written == "元":
        return 1
    if written.isdecimal():
        return int(written)
    if "十" in written:
        tens, _, ones = written.partition("十")
        return _DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0)
    return int("".join(str(_DIGITS[letter]) for letter in written))
