"""What the chat needs to know of a run between two messages: counts, topics, the urgent lane.

Small enough to be kept as a record; the opinions themselves stay in an encrypted file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from skills.opinions.analysis import excerpt
from skills.opinions.dots import minorities
from skills.opinions.edits import Applied
from skills.opinions.model import ISOLATED, OFFLINE, Opinion, Topic, voices

MOST_ERRORS, MOST_URGENT = 10, 50
SHORT = 80


@dataclass(frozen=True, slots=True)
class Line:
    """A topic as a list shows it. `number` is what people call it by; `row` is its quote's."""

    id: int
    number: str
    label: str
    parent: int
    count: int
    voices: int
    excerpt: str
    row: int
    is_locked: bool = False
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A topic put to a department; `due` is an ISO date. It is answered when the topic is."""

    number: int
    topic: int
    department: str
    due: str
    reminder: str
    is_answered: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the file and something about it, without personal data."""

    row: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A run in short. `isolated` and `isolated_voices` count claims and voices of no topic."""

    file: str
    sheet: str
    text_column: str
    attributes: tuple[str, ...]
    input_rows: int
    opinions: int
    error_rows: int
    claims: int
    voices: int
    isolated: int
    isolated_voices: int
    few: int
    days: tuple[str, str]
    masks: Mapping[str, int]
    topics: tuple[Line, ...]
    urgent: tuple[Told, ...]
    urgent_rows: int
    errors: tuple[Told, ...]
    inquiries: tuple[Inquiry, ...] = ()
    lost_edits: int = 0
    engine: str = OFFLINE

    @property
    def wholes(self) -> tuple[Line, ...]:
        """The topics of the first level, the largest first."""
        return tuple(line for line in self.topics if line.parent < 0)

    def numbered(self, number: str) -> Line | None:
        return next((line for line in self.topics if line.number == number), None)

    def line(self, topic: int) -> Line | None:
        return next((line for line in self.topics if line.id == topic), None)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Overview:
        return cls(
            **{
                **value,
                "attributes": tuple(value["attributes"]),
                "days": tuple(value["days"]),
                "topics": tuple(Line(**line) for line in value["topics"]),
                "urgent": tuple(Told(**told) for told in value["urgent"]),
                "errors": tuple(Told(**told) for told in value["errors"]),
                "inquiries": tuple(Inquiry(**item) for item in value["inquiries"]),
            }
        )


def survey(applied: Applied) -> Overview:
    """Look over an analysis with its edits."""
    analysis = applied.analysis
    alone = analysis.members[ISOLATED]
    days = sorted(opinion.date for opinion in analysis.opinions if opinion.date)
    return Overview(
        file=analysis.source.file,
        sheet=analysis.source.sheet,
        text_column=analysis.source.columns.text,
        attributes=analysis.source.columns.attributes,
        input_rows=analysis.source.input_rows,
        opinions=len(analysis.opinions),
        error_rows=len(analysis.errors),
        claims=analysis.claims,
        voices=analysis.voices,
        isolated=len(alone),
        isolated_voices=voices(alone),
        few=len(minorities(analysis)),
        days=(days[0], days[-1]) if days else ("", ""),
        masks=dict(analysis.masks),
        topics=tuple(_line(applied, topic) for topic in analysis.topics),
        urgent=tuple(_urgent(opinion) for opinion in analysis.urgent[:MOST_URGENT]),
        urgent_rows=len(analysis.urgent),
        errors=tuple(
            Told(error.row, error.what, error.remedy) for error in analysis.errors[:MOST_ERRORS]
        ),
        inquiries=tuple(_inquiries(applied)),
        lost_edits=len(applied.lost),
        engine=analysis.engine,
    )


def _line(applied: Applied, topic: Topic) -> Line:
    said = applied.analysis.by_id.get(topic.representative)
    return Line(
        topic.id,
        applied.numbers[topic.id],
        topic.label,
        topic.parent,
        topic.count,
        topic.voices,
        excerpt(topic.excerpt, SHORT),
        said.row if said else 0,
        topic.id in applied.locked,
        bool(topic.answer),
    )


def _inquiries(applied: Applied) -> Iterator[Inquiry]:
    for number, (topic, edit) in enumerate(applied.inquiries, 1):
        known = applied.analysis.topic_by_id.get(topic)
        is_answered = bool(known and known.answer)
        yield Inquiry(number, topic, edit.label, edit.due, edit.reminder, is_answered)


def _urgent(opinion: Opinion) -> Told:
    return Told(opinion.row, opinion.urgent, excerpt(opinion.masked, SHORT))
