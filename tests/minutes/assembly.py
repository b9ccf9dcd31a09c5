"""Rows for `shomu eval minutes`, put together from written exchanges of an invented assembly.

A file under data/assembly/ holds one point after another: a member's speech, the summary a person
wrote of it (要約), the answer and its summary. Of these come rows of one point (single), of all
that a member said or that was answered in one session (multi), and questions whose answer has to
be found in everything that was answered (query).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data" / "assembly"
# A printed summary is asked for in whole steps of so many characters.
STEP = 50
# Points in a row of several.
SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Speech:
    speaker: str
    said: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Exchange:
    topic: str
    question: Speech
    answer: Speech


def exchanges(split: str) -> list[Exchange]:
    """The points of one file, in order."""
    text = (FOLDER / f"{split}.txt").read_text(encoding="utf-8")
    return [_exchange(block) for block in text.split("■ ")[1:]]


def rows(split: str) -> list[dict[str, Any]]:
    """Every row that the exchanges of one file give, with `kind` and the person's `summary`."""
    points = exchanges(split)
    made = [
        _row(f"{split}-{side}{number:02}", "single", [speech])
        for number, point in enumerate(points, 1)
        for side, speech in (("q", point.question), ("a", point.answer))
    ]
    for member, group in groupby(points, key=lambda point: point.question.speaker):
        asked = list(group)
        for start in range(0, len(asked), SEVERAL):
            some = asked[start : start + SEVERAL]
            if len(some) > 1:
                name = f"{split}-{member}{start + 1}"
                made.append(_row(f"{name}-q", "multi", [each.question for each in some]))
                made.append(_row(f"{name}-a", "multi", [each.answer for each in some]))
    answered = [point.answer for point in points]
    made += [
        _row(f"{split}-find{number:02}", "query", answered, about=point)
        for number, point in enumerate(points, 1)
    ]
    return made


def _row(
    name: str, kind: str, speeches: Sequence[Speech], about: Exchange | None = None
) -> dict[str, Any]:
    said = [(each.speaker, line) for each in speeches for line in each.said]
    summary = about.answer.summary if about else "".join(each.summary for each in speeches)
    row = {
        "id": name,
        "kind": kind,
        "utterances": [
            {"line": number, "speaker": speaker, "text": text}
            for number, (speaker, text) in enumerate(said, 1)
        ],
        "length_limit": STEP if about else -(-int(len(summary) * 1.5) // STEP) * STEP,
        "summary": summary,
    }
    return {**row, "query": about.question.summary} if about else row


def _exchange(block: str) -> Exchange:
    topic, *lines = block.strip().splitlines()
    first, second = _speeches([line for line in lines if line])
    return Exchange(topic, first, second)


def _speeches(lines: Sequence[str]) -> Iterator[Speech]:
    start = 0
    for at, line in enumerate(lines):
        if line.startswith("要約 "):
            yield Speech(lines[start], tuple(lines[start + 1 : at]), line.removeprefix("要約 "))
            start = at + 1
