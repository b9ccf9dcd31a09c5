"""What of last year's document goes stale in the new year. Read `find_stale` first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from skills.draft.roster import Roster
from skills.draft.stale import (
    amounts,
    counting,
    dates,
    days,
    history,
    people,
    provisions,
    units,
    wording,
    years,
)
from skills.draft.stale.lines import Found, Line, Reading, read
from skills.draft.stale.provisions import Provision

__all__ = ["Line", "Provision", "Stale", "find_stale", "year_of"]


@dataclass(frozen=True, slots=True)
class Stale:
    """One thing that no longer holds: letters `start` to `end` of line `index`.

    `place` is for people, `kind` one of 年度, 日付, 氏名, 職名, 所属, 電話番号, 回数, 計画期,
    経過年数, 金額, 実績, 規程, 文書番号, 相対表現. `suggestion` is empty when only a person can
    say what stands there next.
    """

    place: str
    index: int
    start: int
    end: int
    text: str
    kind: str
    suggestion: str
    reason: str


def find_stale(
    lines: Sequence[Line],
    year: int,
    roster: Roster | None = None,
    provisions_now: Sequence[Provision] = (),
) -> tuple[Stale, ...]:
    """Everything that goes stale when the document is used in the fiscal year `year` (2027).

    In the order of the document, none overlapping. Raises BadInput when the year is not later
    than the document's own.
    """
    readings = read(lines)
    written = dates.written_on(readings)
    move = years.move_to(readings, year, written)
    kept: dict[int, list[Found]] = {}
    for at, found in _every(readings, move, written, roster or Roster(), provisions_now):
        others = kept.setdefault(at, [])
        # The finders stand in order: what an earlier one took, a later one leaves.
        if not any(found.start < other.end and other.start < found.end for other in others):
            others.append(found)
    return tuple(
        Stale(
            lines[at].place,
            at,
            found.start,
            found.end,
            lines[at].text[found.start : found.end],
            found.kind,
            found.suggestion,
            found.reason,
        )
        for at in sorted(kept)
        for found in sorted(kept[at], key=lambda one: one.start)
    )


def year_of(lines: Sequence[Line]) -> int:
    """The fiscal year a document belongs to, as a Western year; 0 when it names none."""
    readings = read(lines)
    return years.year_of(readings, dates.written_on(readings))


def _every(
    readings: Sequence[Reading],
    move: years.Move,
    written: date | None,
    roster: Roster,
    provisions_now: Sequence[Provision],
) -> Iterator[tuple[int, Found]]:
    closed = {
        at: [_letters(reading, span) for span in history.fixed(reading.plain)]
        for at, reading in enumerate(readings)
    }
    for finder in (
        provisions.find(readings, provisions_now, written or date(move.old, 4, 1)),
        counting.find(readings, move),
        days.find(readings, move, written),
        years.find(readings, move),
        people.find(readings, roster),
        units.find(readings, roster),
        amounts.find(readings, move),
        wording.find(readings, move),
    ):
        for at, found in finder:
            if not any(first <= found.start < last for first, last in closed[at]):
                yield at, found


def _letters(reading: Reading, span: tuple[int, int]) -> tuple[int, int]:
    return reading.origin[span[0]], reading.origin[span[1] - 1] + 1
