"""Posts and names against the current staff list; guests, whom no list knows, are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.japanese import morphemes
from skills.draft.roster import Member, Roster, squeeze
from skills.draft.stale import units
from skills.draft.stale.lines import Found, Reading

NAME, POST = "氏名", "職名"
ASKED = "今年度の方を確認してください。"


def _words(name: str) -> frozenset[str]:
    """Read a word list; lines that begin with # explain it."""
    text = (Path(__file__).parents[1] / "words" / name).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


_HEADS, _RANKS = _words("heads.txt"), _words("ranks.txt")
# 浜崎市長 is no Mr 浜崎.
_PLACED = frozenset(
    ("市長", "町長", "村長", "区長", "館長", "園長", "署長", "所長", "校長", "支所長")
)
_K = "一-龥々ヶ﨑髙"
_FULL = (
    rf"[{_K}]{{1,4}}[ ]+(?:[{_K}]{{1,4}}|[ぁ-ん]{{1,6}}|[ァ-ヶー]{{1,6}})"
    rf"|[{_K}]{{2,6}}(?:[ぁ-ん]{{2,5}})?|[{_K}]"
)
_ADDRESSED = r"(?!様|殿|宛|各位|氏|先生)"
_UNIT = r"[一-龥ァ-ヶーのぁ-ん・]{1,14}?(?:委員会|センター|部|局|課|室|係|班|館|署|所)"
_LABEL = r"(?:担当|起案|連絡|問合せ|作成|記入|責任)(?:者|課|先|担当)?"
# 「防災係　藤村」「（担当　南）」「財政係　桑原・新井」: surnames after a section or a label.
_CONTACT = re.compile(
    rf"(?:(?P<unit>{_UNIT})(?:[ ]+|[ ]*[(]|の)(?:担当)?[ :]*|{_LABEL}[ :]+)"
    rf"(?=(?P<names>{_ADDRESSED}[{_K}]{{1,4}}(?:[ ][{_K}]{{1,3}})?"
    rf"(?:[・、,][{_K}]{{1,4}})*)(?=[ )(、。]|です|$))"
)
_LABEL_CELL = re.compile(rf"{_LABEL}")
# 課長 of 総務課長: the unit ends with the letter before 長.
_HEADED = re.compile(r"[部課室係局館所班園署](?=長)")
_RUN = re.compile(r"[一-龥ぁ-んァ-ヶー・]*$")
_GUEST = re.compile(
    r"講師|弁護士|司会者?[ :]|コーディネーター|パネリスト|教授|郷土史家|防災士|アドバイザー"
    r"|落語家|助言者"
)
_GUEST_NAME = re.compile(
    rf"(?<![{_K}])(?P<name>[{_K}]{{1,4}}[ ][{_K}ぁ-んァ-ヶー]{{1,5}}(?![{_K}])"
    rf"|[{_K}]{{3,6}}(?=[ ]?(?:氏|先生|さん)))"
)
_TEACHER = re.compile(
    rf"(?<![{_K}])(?P<name>[{_K}]{{1,4}}[ ][{_K}ぁ-ん]{{1,5}})[ ]?(?:先生|講師|教授)"
)
_FORMER = re.compile(r"(?:初代|故|元|前|先代|当時の?|第[0-9]+代)$")


@dataclass(frozen=True, slots=True)
class _Person:
    """A name with its post as the document has it; the spans are of the line's plain text.

    `title_at` is (0, 0) when the title stands elsewhere, in another cell.
    """

    unit: str
    title: str
    name: str
    name_at: tuple[int, int]
    title_at: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class _Patterns:
    """How a post and a name stand together, with the titles that an office has."""

    post_first: re.Pattern[str]
    name_first: re.Pattern[str]
    joined: re.Pattern[str]
    cell: re.Pattern[str]


def find(readings: Sequence[Reading], roster: Roster) -> Iterator[tuple[int, Found]]:
    """People who hold their posts no more. Yields (line, find)."""
    home = units.home(readings, roster)
    patterns = _patterns(frozenset(squeeze(member.title) for member in roster.members))
    for at, reading in enumerate(readings):
        for found in _guests(reading, patterns):
            yield at, found
        if not roster.members:
            continue
        for person in _people(reading, roster, home, patterns):
            yield from ((at, found) for found in _compared(person, reading, roster))
        for found in _surnames(reading, roster, home, patterns):
            yield at, found


@lru_cache(maxsize=16)
def _patterns(titles: frozenset[str]) -> _Patterns:
    words = sorted({*_HEADS, *_RANKS, *titles} - {""}, key=len, reverse=True)
    title = rf"(?P<title>{'|'.join(map(re.escape, words))})"
    return _Patterns(
        re.compile(rf"{title}[ ]*(?:の|[:/(]|)[ ]*(?P<name>{_ADDRESSED}{_FULL})"),
        re.compile(rf"(?<![{_K}])(?P<name>{_FULL})[ ]?[(](?P<before>[^()]{{0,14}}?){title}[)]"),
        re.compile(rf"(?<![{_K}])(?P<name>[{_K}]{{2,4}}){title}(?![{_K}])"),
        re.compile(rf"(?P<before>.*?){title}"),
    )


def _guests(reading: Reading, patterns: _Patterns) -> Iterator[Found]:
    """Lecturers are chosen anew each year."""
    for match in _TEACHER.finditer(reading.plain):
        if _begins_as_name(match["name"]):
            yield reading.found(*match.span("name"), NAME, "", ASKED)
    label = _GUEST.search(reading.plain)
    is_column = _GUEST.search(reading.line.head) is not None
    if label is None and not is_column:
        return
    start = label.end() if label and not is_column else 0
    for match in _GUEST_NAME.finditer(reading.plain, start):
        before = reading.plain[: match.start()].rstrip()
        is_ours = patterns.cell.fullmatch(before) is not None
        if not is_ours and _begins_as_name(match["name"]):
            yield reading.found(*match.span("name"), NAME, "", ASKED)


def _people(reading: Reading, roster: Roster, home: str, patterns: _Patterns) -> Iterator[_Person]:
    """Everybody who is named with a post; in a table the post may be in the next cell."""
    text = reading.plain
    found: list[_Person] = []
    for match in patterns.post_first.finditer(text):
        before, title = text[: match.start()], match["title"]
        is_apart = text[match.start("name") - 1] in " :/("
        if _FORMER.search(before) or _is_other_post(before, title, roster):
            continue
        if _is_name(match["name"], roster, is_apart=is_apart):
            unit = _unit_of(before, title, roster) or units.around(reading, before, roster)
            unit = unit or (home if roster.holders(home, title) else "")
            spans = match.span("name"), match.span("title")
            found.append(_Person(unit, title, match["name"], *spans))
    for match in patterns.name_first.finditer(text):
        if _is_name(match["name"], roster, is_apart=True):
            unit = _unit_of(match["before"], match["title"], roster)
            spans = match.span("name"), match.span("title")
            found.append(_Person(unit, match["title"], match["name"], *spans))
    for match in patterns.joined.finditer(text):
        person = _joined(match, reading, roster)
        if person is not None:
            found.append(person)
    if not found and reading.line.row and re.fullmatch(_FULL, text.strip()):
        found += _in_table(reading, roster, patterns)
    yield from found


def _joined(match: re.Match[str], reading: Reading, roster: Roster) -> _Person | None:
    """「山田課長」; 「福祉課長」 and 「浜崎市長」 are nobody's names."""
    name, title = match["name"], match["title"]
    headed = _HEADED.match(title)
    is_unit = units.known(name + (headed[0] if headed else ""), roster) != ""
    if title in _PLACED or is_unit or not _is_name(name, roster, is_apart=False):
        return None
    unit = units.around(reading, reading.plain[: match.start()], roster)
    return _Person(unit, title, name, match.span("name"), match.span("title"))


def _in_table(reading: Reading, roster: Roster, patterns: _Patterns) -> Iterator[_Person]:
    """A cell that holds a name alone, with a post in another cell of its row."""
    text = reading.plain.strip()
    if not _is_name(text, roster, is_apart=True):
        return
    for cell in reading.line.row:
        match = patterns.cell.fullmatch(squeeze(cell))
        if match:
            at = reading.plain.index(text)
            unit = _unit_of(match["before"], match["title"], roster)
            unit = unit or units.around(reading, "", roster)
            yield _Person(unit, match["title"], text, (at, at + len(text)))
            return


def _is_other_post(before: str, title: str, roster: Roster) -> bool:
    """指導主事, 上席主査 … are posts of their own; 管財係主事 is the 主事 of a section."""
    run = _RUN.search(before)
    return title in _RANKS and run is not None and run[0] != "" and not units.known(run[0], roster)


def _unit_of(before: str, title: str, roster: Roster) -> str:
    """「総務課」 for 総務課長, 「管財係」 for 管財係主事; as it is written when nobody knows it."""
    run, headed = _RUN.search(before), _HEADED.match(title)
    if run is None or not run[0]:
        return ""
    written = run[0] + (headed[0] if headed else "")
    return units.known(written, roster) or (written if headed else "")


def _is_name(text: str, roster: Roster, *, is_apart: bool) -> bool:
    """Whether letters beside a post are a name and not a word such as 決裁 or 会議."""
    if any(member.is_called(text) for member in roster.members):
        return True
    if " " in text:
        return is_apart or _begins_as_name(text)
    return _begins_as_name(text) and (is_apart or len(text) > 2)


def _begins_as_name(text: str) -> bool:
    found = morphemes(text)
    return bool(found) and found[0].detail == "固有名詞"


def _compared(person: _Person, reading: Reading, roster: Roster) -> Iterator[Found]:
    """Whether the person still holds the post. What the staff list cannot say is left."""
    name = squeeze(person.name)
    holders = roster.holders(person.unit, person.title)
    people = roster.of(person.unit) if person.unit else []
    if any(member.is_called(name) for member in holders):
        return
    here = [member for member in people if member.is_called(name)]
    elsewhere = [member for member in roster.members if member.is_called(name)]
    same = here or (elsewhere if not person.unit else [])
    keeps_rank = person.title in _RANKS or not holders
    if len(same) == 1 and keeps_rank and person.title_at != (0, 0):
        why = f"名簿では職名が「{same[0].title}」です。"
        yield reading.found(*person.title_at, POST, same[0].title, why)
    elif len(same) > 1 and keeps_rank:
        return  # a surname that several have says too little
    elif here or any(member.plain == name for member in elsewhere):
        member = (here or elsewhere)[0]
        why = f"名簿では{member.department}の{member.title}です。後任の方を確認してください。"
        yield _named(person, reading, holders, why)
    elif holders or people:
        post = f"{person.unit}の{person.title}" if person.unit else person.title
        yield _named(person, reading, holders, f"名簿では{post}はこの方ではありません。")


def _named(person: _Person, reading: Reading, holders: Sequence[Member], why: str) -> Found:
    """The holder of the post now, spaced as the old name was; empty when nobody is sure."""
    suggestion = ""
    if len(holders) == 1:
        written = reading.raw(*person.name_at)
        suggestion = holders[0].written_like(written, is_surname=len(squeeze(written)) < 3)
    return reading.found(*person.name_at, NAME, suggestion, why)


def _surnames(reading: Reading, roster: Roster, home: str, patterns: _Patterns) -> Iterator[Found]:
    """Names without a post in a line of contact, against the people of that section."""
    for unit, start, names in _contacts(reading, roster, home):
        people = roster.of(unit) if unit else list(roster.members)
        at = start
        for name in re.split(r"([・、,])", names):
            first, at = at, at + len(name)
            is_post = patterns.cell.fullmatch(squeeze(name)) or name[-1:] in "係課部室局館所"
            if not name or name in "・、," or is_post or name in roster.units:
                continue
            if any(member.is_called(name) for member in people):
                continue
            if not (_begins_as_name(name) or len(name) <= 3):
                continue
            heirs = [member for member in people if member.units and member.units[-1] == unit]
            written = reading.raw(first, at)
            is_surname = len(squeeze(written)) < 4 and written == squeeze(written)
            suggestion = (
                heirs[0].written_like(written, is_surname=is_surname) if len(heirs) == 1 else ""
            )
            where = unit or "職員"
            yield reading.found(
                first, at, NAME, suggestion, f"名簿では{where}に「{name}」さんがいません。"
            )


def _contacts(reading: Reading, roster: Roster, home: str) -> Iterator[tuple[str, int, str]]:
    """(unit, where the names begin, names) of each contact in a line or a labelled cell."""
    for match in _CONTACT.finditer(reading.plain):
        start = match.start("names")
        around = units.around(reading, reading.plain[:start], roster)
        unit = units.known(match["unit"] or around, roster) or around or home
        if match["unit"] and not unit:
            continue  # a section of somebody else's
        yield unit, start, match["names"]
    row = reading.line.row
    is_labelled = len(row) > 1 and _LABEL_CELL.fullmatch(squeeze(row[0])) is not None
    if is_labelled and re.fullmatch(_FULL, reading.plain.strip()):
        text = reading.plain.strip()
        if text != squeeze(row[0]):
            yield home, reading.plain.index(text), text
