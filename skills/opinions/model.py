"""What opinion triage works on: frozen values, from the row of a file to the whole analysis.

`Analysis` is the one value that the map, the tables, the report and the chat are drawn from.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

Stance = Literal["賛成", "反対", "条件付き", "中立", ""]
STANCES: tuple[Stance, ...] = ("賛成", "反対", "条件付き", "中立", "")
UNDECIDED = "判断を控えました"
ISOLATED = -1
ISOLATED_LABEL = "個別の意見"
FORMAT = 1
# `Analysis.engine`: grouped by words, without a model; or by the vectors of the one it names.
OFFLINE = "offline"
# Of opinions that came as vectors: they have no words.
VECTORS = "vectors"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what, by its name in the table; "" and () where there is none.

    `personal` columns (names, addresses, telephone numbers) are read by nobody.
    """

    text: str
    id: str = ""
    date: str = ""
    section: str = ""
    attributes: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row, and what to do; `row` is that of the file, from 1."""

    row: int
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A department or a clause that may be right: `score` in 0..1, `reason` the words it shares."""

    name: str
    score: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A heading of the draft plan with the text under it, in the order of the plan."""

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One point of an opinion: `text[start:end]` of the opinion it stands in.

    `masked` is the same without personal data. `topic` is a `Topic.id`, or ISOLATED. `x`, `y` is
    its place on the map. `departments` are at most three, best first; when there are none, `unsent`
    says why. `clause` is None when no clause is near enough.
    """

    start: int
    end: int
    masked: str
    topic: int = ISOLATED
    x: float = 0.0
    y: float = 0.0
    stance: Stance = ""
    departments: tuple[Candidate, ...] = ()
    unsent: str = ""
    clause: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """One row of the file. `text` is as sent; all that follows works on `masked`.

    `duplicate_of` is the id of the first identical opinion, "" for the first itself. Opinions of
    one `campaign` were written from one template; -1 stands for none. `urgent` is a kind of
    `urgent.KINDS`, or ""; `urgency` in 0..1 says how sure that is.
    """

    id: str
    row: int
    text: str
    masked: str
    claims: tuple[Claim, ...]
    section: str = ""
    date: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    duplicate_of: str = ""
    campaign: int = -1
    urgent: str = ""
    urgency: float = 0.0

    @property
    def main(self) -> Claim:
        """The longest claim: it says where the opinion stands as a whole."""
        return max(self.claims, key=lambda claim: len(claim.masked))

    @property
    def voice(self) -> str:
        """Opinions with the same voice count once in 実質件数."""
        return f"campaign {self.campaign}" if self.campaign >= 0 else self.duplicate_of or self.id


@dataclass(frozen=True, slots=True)
class Topic:
    """A group of claims. `parent` is the topic it is part of, -1 at the top.

    `count` is 件数 (claims, those of the parts included), `voices` is 実質件数 (without repeats
    and campaigns). `representative` is the id of the opinion that stands for it, `excerpt` its
    words without personal data. `answer` is 市の考え方, with `handling` (対応区分) and `changed`
    (修正の有無), as far as people have written them.
    """

    id: int
    label: str
    representative: str
    excerpt: str
    count: int
    voices: int
    parent: int = -1
    answer: str = ""
    handling: str = ""
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the opinions came from: file, sheet, columns, rows under the heading."""

    file: str
    columns: Columns
    input_rows: int
    sheet: str = ""
    heading_row: int = 1


@dataclass(frozen=True)
class Analysis:
    """Everything that is known of a file of opinions.

    Every input row is an opinion or an error. `topics` are the largest first, parts behind their
    whole. Raises ValueError when a row is missing or there twice.
    """

    source: Source
    opinions: tuple[Opinion, ...]
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    topics: tuple[Topic, ...] = ()
    clauses: tuple[Clause, ...] = ()
    masks: Mapping[str, int] = field(default_factory=dict)
    engine: str = OFFLINE

    def __post_init__(self) -> None:
        rows = [opinion.row for opinion in self.opinions] + [error.row for error in self.errors]
        if len(rows) != self.source.input_rows or len(set(rows)) != len(rows):
            raise ValueError(f"{self.source.input_rows} rows in, {len(rows)} accounted for")

    @cached_property
    def by_id(self) -> Mapping[str, Opinion]:
        return {opinion.id: opinion for opinion in self.opinions}

    @cached_property
    def topic_by_id(self) -> Mapping[int, Topic]:
        return {topic.id: topic for topic in self.topics}

    @cached_property
    def members(self) -> Mapping[int, tuple[tuple[Opinion, Claim], ...]]:
        """The claims of each topic and of its whole, in the order of the file."""
        found: dict[int, list[tuple[Opinion, Claim]]] = {topic.id: [] for topic in self.topics}
        found[ISOLATED] = []
        for opinion in self.opinions:
            for claim in opinion.claims:
                for topic in self._line(claim.topic) or [ISOLATED]:
                    found[topic].append((opinion, claim))
        return {topic: tuple(claims) for topic, claims in found.items()}

    @cached_property
    def voices(self) -> int:
        """実質件数 of the whole file."""
        return len({opinion.voice for opinion in self.opinions})

    @cached_property
    def urgent(self) -> tuple[Opinion, ...]:
        """The surest first, then in the order of the file."""
        flagged = (opinion for opinion in self.opinions if opinion.urgent)
        return tuple(sorted(flagged, key=lambda opinion: -opinion.urgency))

    @cached_property
    def claims(self) -> int:
        """How many points were made: 件数 of all topics and of the isolated claims together."""
        return sum(len(opinion.claims) for opinion in self.opinions)

    def path(self, topic: int) -> tuple[str, ...]:
        """The labels from the top down to a topic; one that says so for an isolated claim."""
        labels = [self.topic_by_id[number].label for number in self._line(topic)]
        return tuple(labels) or (ISOLATED_LABEL,)

    def stances(self, topic: int) -> Mapping[Stance, int]:
        """How many voices of a topic take which stance, "" for those left undecided."""
        heard = {(opinion.voice, claim.stance) for opinion, claim in self.members[topic]}
        counts = Counter(stance for _, stance in heard)
        return {stance: counts[stance] for stance in STANCES}

    def _line(self, topic: int) -> list[int]:
        line: list[int] = []
        while topic >= 0:
            line.insert(0, topic)
            topic = self.topic_by_id[topic].parent
        return line

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, which `from_json` reads."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Analysis:
        """Raises ValueError, KeyError or TypeError when it is not what `to_json` makes."""
        if value["format"] != FORMAT:
            raise ValueError(f"format {value['format']}")
        source = dict(value["source"])
        columns = dict(source.pop("columns"))
        for name in ("attributes", "personal"):
            columns[name] = tuple(columns[name])
        return cls(
            source=Source(**source, columns=Columns(**columns)),
            opinions=tuple(_opinion(item) for item in value["opinions"]),
            errors=tuple(Problem(**item) for item in value["errors"]),
            warnings=tuple(Problem(**item) for item in value["warnings"]),
            topics=tuple(Topic(**item) for item in value["topics"]),
            clauses=tuple(Clause(**item) for item in value["clauses"]),
            masks=dict(value["masks"]),
            engine=value["engine"],
        )

    def dump(self) -> str:
        return json.dumps(self.to_json(), ensure_ascii=False)


def voices(members: Iterable[tuple[Opinion, Claim]]) -> int:
    """実質件数 of some claims."""
    return len({opinion.voice for opinion, _ in members})


def _opinion(item: Mapping[str, Any]) -> Opinion:
    return Opinion(**{**item, "claims": tuple(_claim(claim) for claim in item["claims"])})


def _claim(item: Mapping[str, Any]) -> Claim:
    clause = item["clause"]
    return Claim(
        **{
            **item,
            "departments": tuple(Candidate(**found) for found in item["departments"]),
            "clause": clause and Candidate(**clause),
        }
    )
