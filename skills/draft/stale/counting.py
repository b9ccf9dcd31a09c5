"""What is counted on from year to year: 第15回, 第9期 of a plan, 50周年, and document numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from skills.draft.stale import history, years
from skills.draft.stale.figures import NUMBER, like, value
from skills.draft.stale.lines import Found, Reading
from skills.draft.stale.years import Move

COUNT, PLAN, ELAPSED, NUMBERED = "回数", "計画期", "経過年数", "文書番号"

HEAD, LOW = 8, 5
TAKEN = "番号は文書管理の台帳で取ってください。"

_N = r"(?:[0-9]{1,3}|[一二三四五六七八九十百]{1,5})"
_TIMES = re.compile(
    rf"第\s?(?P<n>{_N})\s?回(?!国勢|国会)|(?P<total>{_N})回目(?=[とに]な|を(?:数|迎))"
)
_IN_YEAR = re.compile(r"(?:年度|年|期)\s?の?\s?$")
# Once a month at most; 「昨年度の第11回」 tells that 「令和8年度第12回」 is counted over the years.
MOST_IN_YEAR = 12
_LAST_TIME = re.compile(rf"(?:昨年度?|前年度?|前回)[^。、]{{0,6}}第\s?(?P<n>{_N})\s?回")
_TERM = re.compile(rf"第\s?(?P<n>{_N})\s?(?P<unit>期|次)")
_PUPILS = re.compile(r"の?(?:[^。、]{0,6}(?:生|受講|講座|教室|募集|塾|大学|隊員))")
# Plans whose terms the law fixes: the length in years and the first fiscal year of one term.
# Source: 介護保険法 art. 117, 障害者総合支援法 art. 88 and the Minister's basic guidelines,
# 児童福祉法 art. 33の20, 子ども・子育て支援法 art. 61.
_PLANS = (
    (re.compile(r"介護保険事業|高齢者(?:保健)?福祉|いきいき長寿"), 3, 9, 2024),
    (re.compile(r"障害児福祉|障がい児福祉"), 3, 3, 2024),
    (re.compile(r"障害福祉|障がい福祉"), 3, 7, 2024),
    (re.compile(r"子ども・子育て支援|子ども子育て支援"), 5, 3, 2025),
)
_SINCE = (
    "制定|開設|創立|創設|設立|開館|開園|開校|開業|開始|合併|施行|発足|市制|町制|村制|稼働|導入|開発|購入"
    "|建設|建築|竣工|締結|策定|改正|実施|発生|から"
)
_YEARS_ON = re.compile(
    rf"(?:{_SINCE})[^。、0-9一二三四五六七八九十]{{0,8}}?(?P<n>{_N})(?:か?年)(?=[がを目余以経ほ。、の]|$)(?!間|度|以内|以上|以下|ごと|生|未満"
    r"|を(?:経過し?|過ぎ)(?:ない|する|た(?:とき|日|もの|者|方|場合)))"
)
# 「平成29年度の第10回」, 「第10回大会（平成29年）」
_OLD = r"(?:明治|大正|昭和|平成)[0-9元一二三四五六七八九十]{1,3}年度?"
_OF_OLD, _WAS_OLD = (
    re.compile(rf"{_OLD}[にの(][^。、]{{0,4}}$"),
    re.compile(rf"[^。、()]{{0,10}}[(]{_OLD}"),
)
# 「令和2年から4年」 names years.
_YEAR_RANGE = re.compile(rf"年から{_N}年(?!が|を迎|目)")
_JUBILEE = re.compile(
    rf"(?P<n>{_N})(?:周年(?!記念(?:館|誌|碑|公園|ホール|史))|年連続|回連続|年目?(?=を迎)|年(?=とな|にな)|年目(?=[とに]な|に当た))"
)
_STORY = re.compile(r"節目[にの][^。]{0,12}(?:語ら|当た)|当時|[0-9]年当時")
_NUMBER = re.compile(
    r"(?P<era>令和)?(?<![0-9年第])(?P<year>[0-9]{1,2})(?P<office>(?!年|月|日|条|項|款|目|号|時|回)(?![人名階番](?!第))[一-龥ぁ-んァ-ヶー]{1,8}?)"
    r"第\s?(?P<n>[0-9]{0,5}(?:-[0-9]{1,4})?)\s*号"
)
# A line or cell that is a document number and no more, with or without its year.
_ALONE = re.compile(
    rf"\s*(?:(?P<era>令和)?(?P<year>{NUMBER})(?P<unit>年度?)?)?[一-龥ぁ-んァ-ヶー]{{1,12}}"
    r"第\s?(?P<n>[0-9]{1,5}(?:-[0-9]{1,4})?)\s*号\s*"
)
# 「浜社協発第8-45号」: the year stands before the hyphen.
_HYPHENED = re.compile(r"[一-龥ァ-ヶー]{2,8}第\s?(?P<year>[0-9]{1,2})-(?P<n>[0-9]{1,4})\s*号")
_NOTICE = re.compile(r"(?:公告|告示)(?P<number>第\s?[0-9]{1,4}\s?号)")


def find(readings: Sequence[Reading], move: Move) -> Iterator[tuple[int, Found]]:
    """Counts, terms of plans, years gone by and document numbers. Yields (line, find)."""
    sessions, last = _sessions(readings), _last_times(readings)
    for at, reading in enumerate(readings):
        for match in _TIMES.finditer(reading.plain):
            if _goes_on(match, reading, sessions, last, is_head=at < HEAD):
                why = f"毎年開くものとして、{move.delta}回進めました。"
                yield at, _counted(match, reading, move.delta, COUNT, why)
        for finder in (_terms, _elapsed, _numbers):
            yield from ((at, found) for found in finder(reading, move))


def _sessions(readings: Sequence[Reading]) -> frozenset[int]:
    """The numbers of meetings held one after another within the year: 第1回, 第2回, …"""
    said = {
        value(match["n"])
        for reading in readings
        for match in _TIMES.finditer(reading.plain)
        if match["n"]
    }
    found: set[int] = set()
    while len(found) + 1 in said:
        found.add(len(found) + 1)
    return frozenset(found) if len(found) > 1 else frozenset()


def _last_times(readings: Sequence[Reading]) -> frozenset[int]:
    """Which number the year before had: 「昨年度の第11回」."""
    return frozenset(
        value(match["n"]) for reading in readings for match in _LAST_TIME.finditer(reading.plain)
    )


def _goes_on(
    match: re.Match[str],
    reading: Reading,
    sessions: frozenset[int],
    last: frozenset[int],
    *,
    is_head: bool,
) -> bool:
    before, number = reading.plain[: match.start()], value(match["n"] or match["total"])
    is_counted_on = number > MOST_IN_YEAR or number - 1 in last
    is_in_year = number in sessions or (_IN_YEAR.search(before) is not None and not is_counted_on)
    # Low numbers below the head are meetings within the year; a first of its kind is history.
    if _OF_OLD.search(before) or _WAS_OLD.match(reading.plain[match.end() :]):
        return False
    is_low = number < (2 if is_head else LOW)
    return not is_low and not is_in_year and not history.is_past(reading.plain, *match.span())


def _counted(match: re.Match[str], reading: Reading, steps: int, kind: str, why: str) -> Found:
    group = "n" if match["n"] else "total"
    new = like(reading.raw(*match.span(group)), value(match[group]) + steps)
    text = reading.replaced(*match.span(), [(*match.span(group), new)])
    return reading.found(*match.span(), kind, text, why)


def _terms(reading: Reading, move: Move) -> Iterator[Found]:
    """「第9期介護保険事業計画」 ends with its last year; 「第15期生」 is counted yearly."""
    for match in _TERM.finditer(reading.plain):
        number, end = value(match["n"]), match.end()
        rest = reading.plain[end:]
        if match["unit"] == "期" and _PUPILS.match(rest):
            steps, why = move.delta, f"毎年募集するものとして、{move.delta}期進めました。"
        elif "計画" in rest[:40]:
            last = years.plan_end(rest[:60]) or _last_year(number, rest[:40])
            if not last or last >= move.new:
                continue
            steps, why = 1, f"{years.name(last)}年度で終わる計画です。次の期にしました。"
        else:
            continue
        new = like(reading.raw(*match.span("n")), number + steps)
        text = reading.replaced(match.start(), end, [(*match.span("n"), new)])
        yield reading.found(match.start(), end, PLAN, text, why)


def _last_year(number: int, text: str) -> int:
    for pattern, length, term, first in _PLANS:
        if pattern.search(text):
            return first + (number - term) * length + length - 1
    return 0


def _elapsed(reading: Reading, move: Move) -> Iterator[Found]:
    for match in _YEARS_ON.finditer(reading.plain):
        is_range = _YEAR_RANGE.match(reading.plain[match.start() - 1 : match.end() + 3])
        if is_range or _STORY.search(reading.sentence(match.start())):
            continue
        number = value(match["n"])
        start, end = match.span("n")
        stop = end + 2 if reading.plain[end] == "か" else end + 1
        text = like(reading.raw(start, end), number + move.delta) + reading.raw(end, stop)
        why = f"年数が{move.delta}年増えます。"
        yield reading.found(start, stop, ELAPSED, text, why)
    for match in _JUBILEE.finditer(reading.plain):
        if _STORY.search(reading.sentence(match.start())):
            continue
        if history.is_past(reading.plain, *match.span()):
            continue
        is_round = "周年" in match[0]
        why = (
            "記念の年は毎年同じではありません。" if is_round else f"年数が{move.delta}年増えます。"
        )
        start, end = match.span("n")
        text = like(reading.raw(start, end), value(match["n"]) + move.delta) + reading.raw(
            end, match.end()
        )
        yield reading.found(start, match.end(), ELAPSED, "" if is_round else text, why)


def _numbers(reading: Reading, move: Move) -> Iterator[Found]:
    """「8総務第123号」 → 「9総務第　号」: the register gives the next number."""
    alone = _ALONE.fullmatch(reading.plain)
    if alone is not None and _NOTICE.search(reading.plain) is None:
        parts = [(*alone.span("n"), "　")]
        if alone["year"]:
            start, end = alone.span("year")
            parts.append(
                (start, end, like(reading.raw(start, end), value(alone["year"]) + move.delta))
            )
        if not _HYPHENED.search(reading.plain):
            text = reading.replaced(0, len(reading.plain), parts)
            yield reading.found(0, len(reading.plain), NUMBERED, text.strip(), TAKEN)
            return
    for match in _NUMBER.finditer(reading.plain):
        year = 2018 + int(match["year"])
        if not move.old - 1 <= year <= move.old + 1:
            continue
        start, end = match.span("year")
        new = like(reading.raw(start, end), year + move.delta - 2018)
        rest = reading.raw(end, match.start("office") + len(match["office"]))
        era = match["era"] or ""
        text = f"{era}{new}{rest}第　号"
        yield reading.found(*match.span(), NUMBERED, text, TAKEN)
    for match in _HYPHENED.finditer(reading.plain):
        year = 2018 + int(match["year"])
        if not move.is_near(year):
            continue
        start, end = match.span("year")
        parts = [(start, end, like(reading.raw(start, end), year + move.delta - 2018)),
                 (*match.span("n"), "　")]  # fmt: skip
        text = reading.replaced(*match.span(), parts)
        yield reading.found(*match.span(), NUMBERED, text, TAKEN)
    for match in _NOTICE.finditer(reading.plain):
        if re.search(rf"{NUMBER}年[^。]{{0,8}}$", reading.plain[: match.start()]):
            continue
        yield reading.found(*match.span("number"), NUMBERED, "第　号", TAKEN)
