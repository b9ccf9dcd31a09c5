"""Sections and telephone numbers against the current staff list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from skills.draft.roster import Roster, squeeze
from skills.draft.stale.lines import Found, Reading

UNIT, PHONE = "所属", "電話番号"
HEAD = 14

_PATH = re.compile(
    r"(?P<outer>[一-龥ァ-ヶー]{2,8}?(?:部|局))[ ]?(?P<inner>[一-龥ァ-ヶー]{2,10}?(?:課|室))"
)
_EXTENSION = re.compile(r"内線[ :()]*([0-9]{2,5})")
_PHONE = re.compile(r"(0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4})")
_CONTACT_LINE = re.compile(r"担当|問合|問い合わせ|事務局|連絡先|電話|内線|申込|提出先|TEL|回答先")
# What may stand before the name of a section that is ours: 浜崎市総務部, not 県総務部.
_BEFORE = frozenset("市町村区部局課会のはがをにと")


def find(readings: Sequence[Reading], roster: Roster) -> Iterator[tuple[int, Found]]:
    """Sections that have another name or place now, and their numbers. Yields (line, find)."""
    if not roster.members:
        return
    for at, reading in enumerate(readings):
        for finder in (_renamed, _regrouped, _phones):
            yield from ((at, found) for found in finder(reading, roster))


def known(unit: str, roster: Roster) -> str:
    """A unit as the staff list calls it: of 「浜崎市総務部」 総務部, of 「県総務部」 none."""
    now = roster.renamed().get(unit, unit)
    inside = (own for own in sorted(roster.units, key=len, reverse=True) if now.endswith(own))
    return next((own for own in inside if now == own or now[-len(own) - 1] in _BEFORE), "")


def around(reading: Reading, before: str, roster: Roster) -> str:
    """The unit that is spoken of: before a place in a line, in its row, or on the line above."""
    names = {unit: unit for unit in roster.units} | roster.renamed()
    for text in (before, *map(squeeze, reading.line.row), reading.before):
        there = [(text.rfind(name), name) for name in names if name in text]
        if there:
            return names[max(there, key=lambda one: (one[0] + len(one[1]), len(one[1])))[1]]
    return ""


def home(readings: Sequence[Reading], roster: Roster) -> str:
    """The unit that sends the document: the first of the staff list at its head."""
    for reading in readings[:HEAD]:
        named = [unit for unit in roster.units if unit in reading.plain]
        if named:
            return max(named, key=len)
    return ""


def _renamed(reading: Reading, roster: Roster) -> Iterator[Found]:
    for old, new in roster.renamed().items():
        if new in reading.plain:
            continue  # 「旧…」, 「…を…に改める」: both names are meant
        for match in re.finditer(re.escape(old), reading.plain):
            why = f"名簿では「{new}」に変わっています。"
            yield reading.found(*match.span(), UNIT, new, why)


def _regrouped(reading: Reading, roster: Roster) -> Iterator[Found]:
    """「健康福祉部福祉総務課」 when the staff list has that section in another department."""
    for match in _PATH.finditer(reading.plain):
        outers = {
            member.units[0]
            for member in roster.of(match["inner"])
            if len(member.units) > 1 and member.units[0] != match["inner"]
        }
        if len(outers) != 1 or match["outer"].endswith("事務局"):
            continue
        (outer,) = outers
        if match["outer"] == outer or known(match["outer"], roster) == outer:
            continue
        text = outer + reading.raw(match.end("outer"), match.end())
        why = f"名簿では{match['inner']}は{outer}にあります。"
        yield reading.found(*match.span(), UNIT, text, why)


def _phones(reading: Reading, roster: Roster) -> Iterator[Found]:
    """Numbers of a contact that the staff list gives otherwise."""
    if not _CONTACT_LINE.search(reading.plain):
        return
    unit = around(reading, reading.plain, roster)
    people = roster.of(unit) if unit else []
    for pattern, attribute in ((_EXTENSION, "extension"), (_PHONE, "phone")):
        numbers = {getattr(member, attribute) for member in people} - {""}
        for match in pattern.finditer(reading.plain):
            if not numbers or match[1] in numbers:
                continue
            suggestion = next(iter(numbers)) if len(numbers) == 1 else ""
            why = f"名簿にある{unit}の番号と違います。"
            yield reading.found(*match.span(1), PHONE, suggestion, why)
