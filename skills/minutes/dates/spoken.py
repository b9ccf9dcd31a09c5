"""Days as they are said from the day of the meeting: 来週の金曜日, 3日以内, 月内, 次回."""

from __future__ import annotations

import calendar
from collections.abc import Collection
from datetime import date, timedelta

from skills.minutes.dates.patterns import (
    ABOUT,
    CLOCK,
    IN_BRACKETS,
    LEFT,
    MONTH,
    WHOLE,
    YEAR,
    Match,
    N,
    Rules,
    last_of,
    months_after,
    number,
    rule,
    safe,
)
from skills.minutes.holidays import is_working_day

RULES: Rules = []
_DAYS = "月火水木金土日"
_SESSION = (
    r"(?:の?(?:第[1-4一二三四]回)?(?:市議会|町議会|村議会|議会|定例会|定例議会|臨時会|補正予算?))"
)
_GATHERING = r"(?:会議?|議会|庁議|打合せ|打ち合わせ|定例|例会|ミーティング|MTG|勉強会)(?![一-龥])"
_EARLY = r"(?:早々|早め|初め|の?頭|の?初め)?"
_BREAK = (
    r"(?:(?:大型)?連休|ゴールデンウィーク|GW|お?盆(?:休み)?|正月|年末年始|夏休み|冬休み|春休み|休み|繁忙期|試験|選挙)"
    r"(?:明け|前|中|後)"
)


@rule(
    RULES, rf"(?:{YEAR}の?)?{LEFT}{N}月{_SESSION}|[今次来](?:議会|定例会|会期)(?:中|(?=まで|に|で))"
)
@rule(RULES, r"第[1-4一二三四]回(?:市議会|町議会|村議会)?(?:定例会|臨時会)")
@rule(RULES, rf"次回(?:の?[一-龥ァ-ヶー]{{0,8}}?{_GATHERING})?")
@rule(RULES, rf"(?:次|今度)の[一-龥ァ-ヶー]{{0,8}}?{_GATHERING}")
@rule(RULES, r"(?:本会議|議会|会議|閉会|委員会|総会)(?:の?終了後|閉会後|の?開催(?:日|前)?(?=まで))")
@rule(RULES, rf"(?:{MONTH}の)?{_BREAK}{_EARLY}")
@rule(
    RULES,
    r"(?:来年の?|今年の?|この)?(?:春|夏|秋|冬)(?:頃|ごろ|口|先|前|(?=まで|に[、は]))|[今来昨](?:春|夏|秋|冬)",
)
@rule(
    RULES,
    rf"(?:今|来|再来|先)?週(?:末|半ば|前半|後半|の?初め|の?頭|の?なかば|早々)(?!年){ABOUT}|来月早々",
)
@rule(
    RULES,
    rf"(?:来年の?)?年明け{_EARLY}|来年早々|月(?:初め?|の初め|明け)(?=まで|に|、|の)|仕事納め|御用納め|仕事始め",
)
@rule(
    RULES,
    rf"(?:(?:令和|平成)(?:{N}|元)|[0-9]{{4}}|[今本来次])?年度(?:の?当初|明け|の?初め|の?早期|替わり)"
    r"|(?:今年の|年の)?暮れ|(?<![月一-龥])[上中下]旬",
)
@rule(RULES, rf"(?:{MONTH}の?)第[1-5一二三四五]週{WHOLE}")
@rule(RULES, r"翌(?:日|営業日|開庁日|週|々日)(?=まで|に|の)|前日(?=まで|の)|当日(?=まで)")
@rule(
    RULES,
    r"後日|近日中|近いうち|(?:なる|でき)(?:べく|るだけ|る限り)早[くめ]|一両日中|数日(?:中|以内|のうち)"
    r"|[0-9一二三][、・~〜～\-][0-9一二三]日(?:中|以内|のうち)",
)
def _no_sure_day(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return None


@rule(
    RULES,
    rf"(?P<week>今週|来週|再来週|翌週|先週|前週)(?:の?(?P<weekday>[{_DAYS}])曜日?"
    rf"(?:{IN_BRACKETS})?|{WHOLE}){CLOCK}?",
)
def _week(match: Match, base: date | None, holidays: Collection[date]) -> date | None:
    steps = {"今週": 0, "来週": 1, "再来週": 2}
    if base is None or match["week"] not in steps:
        return None
    monday = base - timedelta(days=base.weekday()) + timedelta(weeks=steps[match["week"]])
    if match["weekday"]:
        return monday + timedelta(days=_DAYS.index(match["weekday"]))
    day = monday + timedelta(days=4)
    while day > max(base, monday) and not is_working_day(day, holidays):
        day -= timedelta(days=1)
    return day if day >= base else None


@rule(RULES, r"週明け(?:の?月曜日?)?")
def _start_of_next_week(match: Match, base: date | None, holidays: Collection[date]) -> date | None:
    if base is None:
        return None
    day = base + timedelta(days=7 - base.weekday())
    while not is_working_day(day, holidays):
        day += timedelta(days=1)
    return day


@rule(
    RULES,
    rf"(?<!毎週の)(?<!毎週)(?<!第[1-5一二三四五])(?:今度の|次の)?(?P<weekday>[{_DAYS}])曜日?"
    rf"(?:{CLOCK}|(?=まで|に[^つ]|中|は|か|頃|必着|締|〆|いっぱい|をめど|をもって|(?:で|、)[^す]))",
)
def _weekday(match: Match, base: date | None, _: Collection[date]) -> date | None:
    if base is None:
        return None
    ahead = (_DAYS.index(match["weekday"]) - base.weekday()) % 7
    return base + timedelta(days=ahead or 7)


@rule(RULES, rf"(?:{MONTH}の?)第(?P<nth>[1-5一二三四五])(?P<weekday>[{_DAYS}])曜日?{CLOCK}?")
def _nth_weekday(match: Match, base: date | None, _: Collection[date]) -> date | None:
    if base is None or match["near_month"] in ("翌月", "同月"):
        return None
    if match["near_month"]:
        ahead = {"来月": 1, "再来月": 2}.get(match["near_month"], 0)
    else:
        ahead = (number(match["month"]) - base.month) % 12
    year, month = months_after(base, ahead)
    first = date(year, month, 1)
    skipped = (_DAYS.index(match["weekday"]) - first.weekday()) % 7
    return safe(year, month, 1 + skipped + 7 * (number(match["nth"]) - 1))


@rule(
    RULES,
    r"(?P<day>本日|今日|明日|あす(?!か)|あした|明後日|あさって|しあさって|明朝(?:一番?)?)"
    rf"{WHOLE}{CLOCK}?",
)
def _near_day(match: Match, base: date | None, _: Collection[date]) -> date | None:
    steps = {"本日": 0, "今日": 0, "明後日": 2, "あさって": 2, "しあさって": 3}
    return base + timedelta(days=steps.get(match["day"], 1)) if base else None


@rule(
    RULES,
    r"(?P<from>(?:本日|今日|明日)から)?(?:今後)?"
    rf"{LEFT}(?:(?P<count>[0-9]{{1,3}}|[一二三四五六七八九十]{{1,3}})"
    r"(?P<unit>営業日|開庁日|平日|日間?|週間|[かヶケカヵ箇]月|年|時間)|(?P<half>半年|半月))"
    r"(?:以内|後(?!半|期|方|ろ)|(?:程度|ほど)?(?=(?:を|が)?(?:目途|めど|目処)))",
)
def within(match: Match, base: date | None, holidays: Collection[date]) -> date | None:
    """So many days or months from the meeting, or from a day that was named just before."""
    before = match.string[: match.start()]
    # 「納品後10日以内」 counts from a day that nobody named.
    if base is None or (not match["from"] and before.endswith(("後", "から", "より", "前"))):
        return None
    if match["half"]:
        if match["half"] == "半月":
            return base + timedelta(days=15)
        year, month = months_after(base, 6)
        return safe(year, month, min(base.day, calendar.monthrange(year, month)[1]))
    count, unit = number(match["count"]), match["unit"]
    base += timedelta(days=(match["from"] or "").startswith("明日"))
    if unit in ("営業日", "開庁日", "平日"):
        while count:
            base += timedelta(days=1)
            count -= is_working_day(base, holidays)
        return base
    if unit.endswith("月") or unit == "年":
        year, month = months_after(base, count * (12 if unit == "年" else 1))
        return safe(year, month, min(base.day, calendar.monthrange(year, month)[1]))
    if unit == "時間":
        return None
    return base + timedelta(days=count * (7 if unit == "週間" else 1))


# 「会議の3日前まで」 counts back from a day that has its own words.
@rule(
    RULES,
    rf"{LEFT}[0-9一二三四五六七八九十]{{1,3}}(?:営業日|開庁日|日|週間|[かヶケカヵ箇]月)前(?=まで|迄|には)",
)
def _before(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return None


@rule(RULES, r"(?<![一-龥0-9])(?:月末日?|月内|月中(?!旬)|月いっぱい)")
def _this_month(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return safe(base.year, base.month, last_of(None, base.year, base.month) or 0) if base else None


@rule(
    RULES,
    r"(?<![一-龥0-9])年(?:内|末(?!年始|調整))|今年(?:中|いっぱい|の?末|の?年末)|来年(?:中|の?末)",
)
def _this_year(match: Match, base: date | None, _: Collection[date]) -> date | None:
    return date(base.year + match[0].startswith("来年"), 12, 31) if base else None


# A clock time alone does not say the day.
@rule(
    RULES,
    rf"{LEFT}(?:(?:午前|午後|夕方)の?)?{LEFT}(?:{N}時(?!間|点|期|代)(?:半|{N}分)?|[0-9]{{1,2}}:[0-9]{{2}})"
    r"(?=まで|迄|必着|締)|(?:正午|定時|お昼|夕方|午前中)(?=まで)",
)
def clock(match: Match, base: date | None, _: Collection[date]) -> date | None:
    """Never a day."""
    return None
