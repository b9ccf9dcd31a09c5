"""Days of the calendar: 令和8年3月31日, 12/24(水), 来年1月, 20日, 11月上旬, 令和8年度末."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from skills.minutes.dates.patterns import (
    ABOUT,
    CLOCK,
    ERAS,
    IN_BRACKETS,
    LEFT,
    MONTH,
    WEEKDAY,
    WHOLE,
    YEAR,
    Match,
    N,
    Rules,
    agrees,
    following,
    last_of,
    months_after,
    number,
    rule,
    safe,
)

RULES: Rules = []
_PART = r"(?P<part>末日?|上旬|中旬|下旬|前半|後半|初め|初旬|頭|の頭|初(?=に|め|旬)|半ば|中頃)"
# What shows that a bare number of days is a day of the month.
_AS_A_DAY = (
    r"(?=まで|迄|に(?![1一]|は?[何]|つき)|頃|付|必着|締|〆|をめど|を目途|を目処|をもって|をもちまして"
    r"|の[土日月火水木金]曜|には|いっぱい|(?<![間])中に|(?:と|から|及び)[0-9]{1,2}日(?!間))"
)
# 「10月13、14日」: the last of several days counts.
_DAYS_BEFORE = rf"(?:{N}日?[、・,~〜～\-]){{0,3}}"


@rule(
    RULES,
    r"(?<![0-9/.-])(?:(?P<era>[RHS])(?P<era_year>[0-9]{1,2})|(?P<year>[0-9]{4}))[./-]"
    rf"(?P<month>[0-9]{{1,2}})[./-](?P<day>[0-9]{{1,2}})(?![0-9/])(?:{IN_BRACKETS})?"
    rf"{CLOCK}?",
)
def _in_full(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return safe(_year_of(match, base), int(match["month"]), int(match["day"]))


# 「1/3」 is also a third: only what follows tells.
@rule(
    RULES,
    r"(?<![0-9/.])(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})(?![0-9/])"
    rf"(?:{IN_BRACKETS}{CLOCK}?|{CLOCK}|(?=まで|迄|に(?!減|縮)|付|必着|締|〆|から|頃|の[朝夕]|をめど))",
)
def _with_a_slash(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return following(base, int(match["month"]), int(match["day"]))


@rule(
    RULES,
    rf"(?:{YEAR}の?|年明けの)?{MONTH}(?:の?{_DAYS_BEFORE}(?P<day>{LEFT}{N})日(?!間|以内|前|目|後|分)"
    rf"(?:{IN_BRACKETS}|の?{WEEKDAY})?|の?{_PART}|{WHOLE}){CLOCK}?{ABOUT}",
)
def _month_and_day(match: Match, base: date | None, _: Collection[date]) -> date | None:
    year = _year_of(match, base)
    named = match["near_year"] or match["short_year"]
    near = match["near_month"]
    if near:
        if base is None or near in ("翌月", "同月"):
            return None
        year, month = months_after(base, {"来月": 1, "再来月": 2}.get(near, 0))
    else:
        month = number(match["month"])
    if match["day"]:
        day = number(match["day"])
        if year:
            return safe(year, month, day)
        return None if named else following(base, month, day)
    last = last_of(match["part"], year or 2000, month)
    if last is None or (year is None and (base is None or named)):
        return None
    if year is None and base is not None:
        year = base.year if month >= base.month else base.year + 1
        last = last_of(match["part"], year, month)
    return safe(year, month, last or 0)


@rule(
    RULES,
    rf"{LEFT}(?<!月)(?<!月の)(?:{N}日?[、・])?(?P<day>{N})日"
    rf"(?:{IN_BRACKETS}{CLOCK}?|の?{WEEKDAY}{CLOCK}?|{CLOCK}|{_AS_A_DAY}|頃|ごろ)",
)
@rule(RULES, rf"(?:(?<=日から)|(?<=日[~〜～とか、・]))(?P<day>{N})日(?!間)")
def day_of_month(match: Match, base: date | None, _: Collection[date]) -> date | None:
    """The next such day of a month, on the weekday if one is said."""
    if base is None:
        return None
    day = number(match["day"])
    days = (safe(*months_after(base, ahead), day) for ahead in range(3))
    ahead_of = [found for found in days if found and found >= base]
    return next((found for found in ahead_of if agrees(match[0], found)), None)


@rule(
    RULES,
    rf"(?:(?P<era>令和|平成)(?P<era_year>{N}|元)|(?P<year>[0-9]{{4}})"
    r"|(?P<near>今|本|当|来|次|翌|再来|昨|前)|(?<![一-龥0-9]))年度"
    r"(?:の?(?P<half>[上下]半期|[上下]期|第[1-4一二三四]四半期|前期|後期|前半|後半))?"
    rf"(?P<tail>の?末|中|内|いっぱい)?{ABOUT}",
)
def _fiscal_year(match: Match, base: date | None, _: Collection[date]) -> date | None:
    """A fiscal year ends on 31 March. Source: Local Autonomy Act, art. 208."""
    if match["era"]:
        year = ERAS[match["era"]] + number(match["era_year"])
    elif match["year"]:
        year = int(match["year"])
    elif base is None or match["near"] == "翌":
        return None
    else:
        steps = {"来": 1, "次": 1, "再来": 2, "昨": -1, "前": -1}
        year = base.year - (base.month < 4) + steps.get(match["near"] or "", 0)
    return _end_of(match["half"] or "", year)


@rule(
    RULES,
    r"(?<![一-龥])(?P<half>[上下]半期|[上下]期|第[1-4一二三四]四半期)(?P<tail>の?末|中|内)?"
    r"(?=まで|に|を)",
)
def _part_of_this_year(match: Match, base: date | None, _: Collection[date]) -> date | None:
    if base is None:
        return None
    end = _end_of(match["half"], base.year - (base.month < 4))
    return end if end >= base else None


def _end_of(half: str, year: int) -> date:
    if half[:1] in ("上", "前"):
        return date(year, 9, 30)
    if half.startswith("第"):
        ends = {1: date(year, 6, 30), 2: date(year, 9, 30), 3: date(year, 12, 31)}
        return ends.get(number(half[1]), date(year + 1, 3, 31))
    return date(year + 1, 3, 31)


def _year_of(match: Match, base: date | None) -> int | None:
    """The year that the words name, or None; 「8年3月」 may be of either calendar."""
    groups = match.groupdict()
    if groups.get("era"):
        return ERAS[groups["era"]] + number(groups["era_year"])
    if groups.get("year"):
        return int(groups["year"])
    steps = {"今年": 0, "本年": 0, "来年": 1, "再来年": 2}
    near = groups.get("near_year")
    return base.year + steps[near] if base and near in steps else None
