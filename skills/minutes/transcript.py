"""A meeting as it was said: lines with ids that everything else points to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["decision", "action", "request", "question", "answer", "open"]


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance as the source has it. `number` counts from 1 and never changes afterwards.

    `speaker` is empty when the source does not say; `at` is seconds from the start, or None.
    """

    number: int
    text: str
    speaker: str = ""
    role: str = ""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """What was said on one point of the agenda: lines `first` to `last`, both included."""

    title: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole meeting. `segments` cover every line, in order; one without a title at least."""

    title: str
    lines: tuple[Line, ...]
    date: date | None = None
    speakers: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()

    def agenda_of(self, number: int) -> str:
        """The point of the agenda a line belongs to; empty when there is none."""
        for segment in self.segments:
            if segment.first <= number <= segment.last:
                return segment.title
        return ""


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due: the words as they were said, and the day they mean if that is sure."""

    text: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A decision, an action and so on, with the lines it rests on.

    `owner_inferred` is True when nobody said who: it is then the speaker. `doubtful` is True when
    a model wrote it and its lines do not bear it out: a person must look.
    """

    kind: Kind
    text: str
    lines: tuple[int, ...]
    speaker: str = ""
    agenda: str = ""
    owner: str = ""
    owner_inferred: bool = False
    due: Due | None = None
    doubtful: bool = False
