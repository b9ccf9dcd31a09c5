"""Years and fiscal years: which one a document belongs to, and the words for them that move on."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from bot import BadInput
from skills.draft.stale import history
from skills.draft.stale.figures import NUMBER, like, value
from skills.draft.stale.lines import Found, Reading

# How many mentions it weighs that a document is one year older than the one it becomes.
LIKELY = 2
YEAR, URL = "年度", "リンク"
# The first year of an era minus one. Source: the Cabinet Orders naming each era (改元).
ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867,
        "R": 2018, "H": 1988, "S": 1925}  # fmt: skip
ERA = r"(?:明治|大正|昭和|平成|令和|(?<![A-Za-z])[RHS](?=[0-9]))"

_WORD = re.compile(rf"(?:(?P<era>{ERA})\s?(?P<number>{NUMBER})|(?P<west>[0-9]{{4}}))\s?(?:年度?)?")
_TWIN = r"(?:年?[(](?:(?P<twin_era>令和|R)(?P<twin_number>[0-9]{1,2})|(?P<twin>20[0-9]{2}))年?[)])?"
# 令和8年度, R8年度, 2026年度, 令和8年, 2026（令和8）年度, 8年度; R8 alone. A date is none of these.
_UNIT = rf"年度|年(?!\s?{NUMBER}\s?月|間|[(/])"
_YEAR = re.compile(
    rf"(?P<era>{ERA})\s?(?P<number>{NUMBER}){_TWIN}\s?(?P<unit>{_UNIT})"
    rf"|(?<![A-Za-z])(?P<letter>[RH]|FY)(?P<short>[0-9]{{1,2}})(?![0-9./年A-Za-z-])"
    rf"|(?<![0-9])(?P<west>[12][0-9]{{3}}|二〇[〇一二三四五六七八九]{{2}})"
    rf"{_TWIN.replace('twin', 'also')}(?P<west_unit>{_UNIT})"
    r"|(?<![0-9元一二三四五六七八九十・,、])(?P<bare>[0-9]{1,2})年度"
    r"|(?<![0-9A-Za-z/:._-])(?P<alone>20[0-9]{2})(?=[\s」』)!]|$|in\b)"
)
_LINK = re.compile(r"(?<=[/_=-])(?:[rR]0?(?P<era_year>[0-9]{1,2})|(?P<west>20[0-9]{2}))(?![0-9])")
_URL = re.compile(r"https?://[!-~]+")
_TWO = re.compile(rf"(?P<era>{ERA})\s?(?P<one>{NUMBER})(?:年度)?[・,、](?P<two>{NUMBER})年度")
_RANGE = re.compile(r"\s?(?:から|より|[~〜～―–-])\s?")
_LISTED = re.compile(r"\s?(?:[がはに:][^。、]{1,14})?(?:[・,、]|及び|並びに|と)\s?")
_SPAN = re.compile(
    r"から(?P<length>[0-9]{1,2}|[一二三四五六七八九十]{1,2})年間|の?(?P<plan>[0-9]{1,2})[かヶケカ箇]年"
)
_TOLD = re.compile(r"過去|実績|推移|決算|直近")
_LAST = re.compile(r"(?:前回|直近|前々年度)[^。、]{0,8}$")
_NAMED = re.compile(
    rf"(?:(?P<era>{ERA})\s?(?P<number>{NUMBER})|(?<![0-9,])(?P<west>20[0-9]{{2}}))"
    r"\s?(?:年度|(?:年|[./-])(?:(?P<month>[0-9]{1,2})(?:月|[./-]))?)"
)
_NUMBERED = re.compile(
    r"(?<![0-9])([0-9]{1,2})(?!年|月|日|条|項|款|目|号|時|回)[一-龥ぁ-んァ-ヶー]{1,8}第\s?[0-9]{0,5}(?:-[0-9]+)?\s?号"
)


@dataclass(frozen=True, slots=True)
class Move:
    """From the fiscal year of the old document to that of the new one, as Western years."""

    old: int
    new: int

    @property
    def delta(self) -> int:
        return self.new - self.old

    def is_near(self, year: int) -> bool:
        """Whether a document of the old year speaks of such a year as its own, last or next."""
        return self.old - 1 <= year <= self.old + 1


def parse(word: str) -> int:
    """「令和9」「R9年度」「2027」 as a Western year. Raises BadInput for anything else."""
    plain = _plain(word).strip()
    found = _WORD.fullmatch(plain)
    year = _of(found["era"], found["number"] or found["west"]) if found else 0
    if not 1989 <= year <= 2100:
        raise BadInput(
            "year",
            remedy=f"「{word}」がどの年度か分かりません。令和9、R9、2027 のように書いてください。",
        )
    return year


def mentioned(text: str) -> int:
    """The first year that a request names, such as 「令和9年度に」; 0 when it names none."""
    found = re.search(
        rf"(?P<era>令和|[RＲ])\s?(?P<number>{NUMBER})|(?P<west>20[0-9]{{2}})", _plain(text)
    )
    return _of(found["era"], found["number"] or found["west"]) if found else 0


def name(year: int) -> str:
    """A Western year as an office says it: 令和9."""
    return f"令和{'元' if year == 2019 else year - 2018}" if year >= 2019 else f"平成{year - 1988}"


def move_to(readings: Sequence[Reading], new: int, written: date | None) -> Move:
    """From the document's year to `new`. Raises BadInput when that is not later.

    `written` is the day at its head. A document that names no year is taken for last year's.
    """
    old = year_of(readings, written, expected=new - 1) or new - 1
    if old >= new and _may_be(new - 1, old, readings, written):
        old = new - 1
    if old + 1 == _title_year(readings) == new - 1:
        # 「令和9年度採用」, written in 令和8, is rolled forward to 令和10 in one step.
        return Move(old, old + 1)
    if old >= new:
        raise BadInput(
            "year not later",
            remedy=f"この文書は{name(old)}年度のもののようです。"
            f"新しい年度には、{name(old + 1)}以降を指定してください（指定：{name(new)}）。",
        )
    return Move(old, new)


def _may_be(year: int, best: int, readings: Sequence[Reading], written: date | None) -> bool:
    """Whether a document that looks ahead may yet be of an earlier year than it names most.

    A day at its head from April to December leaves no choice; from January to March there are
    two years. Without one the earlier year must be named half as often as the other.
    """
    if written is not None:
        return year == written.year - (written.month < 4)
    votes = _votes(readings)
    return year in votes and (votes[year] + LIKELY) * 2 >= votes[best]


def year_of(readings: Sequence[Reading], written: date | None, *, expected: int = 0) -> int:
    """The fiscal year a document belongs to; 0 when it names none. `expected` is a first guess.

    The day at its head decides, except that a letter of January to March may already be about
    the next fiscal year. Without one the mentions do.
    """
    votes = _votes(readings)
    if expected in votes:
        votes[expected] += LIKELY
    if written is None:
        # A goal years ahead says nothing; without a guess, one that is named once.
        ahead = {year for year in votes if year > expected + 2 if expected or votes[year] < 2}
        near = {year: votes[year] for year in votes if year not in ahead} or votes
        recent = {year: count for year, count in near.items() if year > max(near) - 4}
        return max(recent, key=lambda year: (recent[year], -year), default=0)
    fiscal = written.year - (written.month < 4)
    return max((fiscal, written.year), key=lambda year: (votes[year], -year))


def _votes(readings: Sequence[Reading]) -> Counter[int]:
    """How often each fiscal year is named; the number of the document counts double."""
    votes: Counter[int] = Counter()
    for reading in readings:
        for found in _NUMBERED.finditer(reading.plain):
            votes[2018 + int(found[1])] += 2
        for found in _NAMED.finditer(reading.plain):
            year = _of(found["era"], found["number"] or found["west"])
            is_day = found["month"] is not None
            votes[year - (is_day and int(found["month"]) < 4)] += 1
    return votes


def _title_year(readings: Sequence[Reading]) -> int:
    """The fiscal year that the title names; 0 when there is none."""
    for reading in readings[:12]:
        for match in _YEAR.finditer(reading.plain):
            if match["unit"] == "年度" or match["west_unit"] == "年度":
                return _year(match)
    return 0


def find(readings: Sequence[Reading], move: Move) -> Iterator[tuple[int, Found]]:
    """Fiscal and calendar years that move on. Yields (line, find)."""
    for at, reading in enumerate(readings):
        taken: list[tuple[int, int]] = []
        for start, end, found in (*_pairs(reading, move), *_ranges(reading, move)):
            taken.append((start, end))
            if found is not None:
                yield at, found
        for found in _links(reading, move):
            yield at, found
        for match in _YEAR.finditer(reading.plain):
            if any(start <= match.start() < end for start, end in taken):
                continue
            if _goes_stale(match, reading, move):
                yield at, _moved(match, reading, move.delta)


def _goes_stale(match: re.Match[str], reading: Reading, move: Move) -> bool:
    year = _year(match)
    # What is still to come when the document is written cannot be history.
    is_past = history.is_past(reading.plain, *match.span(), surely=year >= move.old)
    if move.is_near(year) and not is_past:
        return True
    if year >= move.old - 1:
        return False
    # A series of years that reaches the present moves on as a whole, as does 「前回（…）」.
    before = reading.plain[: match.start()]
    return (
        _in_series(year, reading.line.column, move)
        or _in_series(year, reading.line.row, move)
        or _in_series(year, _listed_with(match, reading), move)
        or (_LAST.search(before) is not None and year >= move.old - 3)
    )


def _listed_with(match: re.Match[str], reading: Reading) -> list[str]:
    """The years of 「令和5年度、令和6年度及び令和7年度」, when this is one of such a list."""
    listed: list[str] = []
    end = -1
    for one in _YEAR.finditer(reading.plain):
        if end < 0 or not _LISTED.fullmatch(reading.plain[end : one.start()]):
            if match[0] in listed:
                return listed
            listed = []
        listed.append(one[0])
        end = one.end()
    return listed if match[0] in listed else []


def _in_series(year: int, cells: Sequence[str], move: Move) -> bool:
    """Whether cells hold every year from the one after `year` to the last before the old one."""
    named = [_year(found) for cell in cells for found in _YEAR.finditer(_plain(cell))]
    return bool(named) and all(step in named for step in range(year + 1, move.old))


def row_moves_on(row: Sequence[str], stub: Sequence[str], move: Move) -> bool:
    """Whether a row of a table is that of a year that moves on."""
    found = _YEAR.search(_plain(row[0])) if row else None
    if found is None:
        return False
    year = _year(found)
    return year <= move.old and (year >= move.old - 1 or _in_series(year, stub, move))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _moved(match: re.Match[str], reading: Reading, steps: int) -> Found:
    """The same words some years later, in the same hand; both years of 「2026（令和8）年度」."""
    parts = []
    for group in (
        "number",
        "short",
        "west",
        "bare",
        "alone",
        "twin_number",
        "twin",
        "also_number",
        "also",
    ):
        if match[group]:
            start, end = match.span(group)
            written = reading.raw(start, end)
            new = like(written, value(match[group]) + steps, first=written == "元")
            parts.append((start, end, new))
    text = reading.replaced(match.start(), match.end(), parts)
    return reading.found(*match.span(), YEAR, text, f"{steps}年進めます。")


def _links(reading: Reading, move: Move) -> Iterator[Found]:
    """「https://…/r8/…」: the address of last year's page."""
    for url in _URL.finditer(reading.plain):
        for match in _LINK.finditer(url[0]):
            year = 2018 + int(match["era_year"]) if match["era_year"] else int(match["west"])
            if move.is_near(year):
                why = "前の年度のページのようです。新しいページを確認してください。"
                yield reading.found(*url.span(), URL, "", why)
                break


def _pairs(reading: Reading, move: Move) -> Iterator[tuple[int, int, Found | None]]:
    """「令和7・8年度」: a list that holds for two years and ends before the new one."""
    for match in _TWO.finditer(reading.plain):
        one, two = _of(match["era"], match["one"]), _of(match["era"], match["two"])
        if two < one or two >= move.new or not move.is_near(two):
            yield *match.span(), None
            continue
        steps = two - one + 1
        text = reading.raw(*match.span())
        for group in ("two", "one"):
            at = match.start(group) - match.start()
            raw = reading.raw(*match.span(group))
            text = text[:at] + like(raw, value(match[group]) + steps) + text[at + len(raw) :]
        yield (
            *match.span(),
            reading.found(
                *match.span(), YEAR, text, f"{name(two)}年度で終わります。次の期間にしました。"
            ),
        )


def _ranges(reading: Reading, move: Move) -> Iterator[tuple[int, int, Found | None]]:
    """「令和6年度～令和8年度」 is a plan: it moves on only when it has ended by the new year."""
    years = list(_YEAR.finditer(reading.plain))
    for match in years:
        span = _SPAN.match(reading.plain, match.end())
        if span is not None:
            length = value(span["length"] or span["plan"])
            yield from _plan([match], _year(match), _year(match) + length - 1, reading, move)
    for first, last in pairwise(years):
        is_range = _RANGE.fullmatch(reading.plain[first.end() : last.start()]) is not None
        if is_range and _year(last) > _year(first):
            yield from _plan([first, last], _year(first), _year(last), reading, move)


def _plan(
    matches: Sequence[re.Match[str]], first: int, last: int, reading: Reading, move: Move
) -> Iterator[tuple[int, int, Found | None]]:
    has_ended = last < move.new and last >= move.old - 1
    # The years that have gone by are told anew each year; a plan is followed by the next one.
    is_told = last == move.old - 1 or _TOLD.search(reading.plain) is not None
    for match in matches:
        if not has_ended:
            yield *match.span(), None
            continue
        moved = _moved(match, reading, move.delta if is_told else last - first + 1)
        why = f"{name(last)}年度で終わる期間です。次の期間にしました。"
        why = moved.reason if is_told else why
        yield *match.span(), Found(moved.start, moved.end, YEAR, moved.suggestion, why)


def plan_end(text: str) -> int:
    """The last year of the first range of years in a text; 0 when there is none."""
    years = list(_YEAR.finditer(text))
    for first, last in pairwise(years):
        if _RANGE.fullmatch(text[first.end() : last.start()]):
            return _year(last)
    return 0


def has_year(text: str, years: Sequence[int]) -> bool:
    """Whether a text names one of these years."""
    return any(_year(match) in years for match in _YEAR.finditer(text))


def _year(match: re.Match[str]) -> int:
    if match["west"]:
        return value(match["west"])
    if match["alone"]:
        return int(match["alone"])
    if match["bare"]:
        return 2018 + int(match["bare"])
    if match["short"]:
        return ERAS.get(match["letter"], 2000) + int(match["short"])
    return _of(match["era"], match["number"])


def _of(era: str | None, number: str) -> int:
    return ERAS[era] + value(number) if era else value(number)
