"""What people changed about the topics: a list that is applied to an analysis again and again.

An edit names a topic by the digests of the words that stood in it, not by its number or by rows, so
that it finds the same topic in a corrected or longer file. Pure: the same analysis and the same
edits give the same result.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, Literal

from skills.opinions.analysis import excerpt
from skills.opinions.model import ISOLATED, Analysis, Claim, Opinion, Topic
from skills.opinions.similarity import Profiles

Verb = Literal["rename", "merge", "split", "move", "lock", "unlock", "answer", "inquire"]
TITLES: Mapping[str, str] = {
    "rename": "名前の変更",
    "merge": "統合",
    "split": "分割",
    "move": "移動",
    "lock": "固定",
    "unlock": "固定の解除",
    "answer": "市の考え方",
    "inquire": "照会",
}
# A topic is the same when it holds at least this share of the words it held.
SAME = 0.5
_PLACEHOLDER = re.compile(r"〈([^〈〉\d]{1,20})\d{1,9}〉")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A topic by the digests of its words. No digests: what stands alone."""

    digests: tuple[str, ...] = ()
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What a split makes of a topic; no label for what stays where it was."""

    label: str
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change. `topic` is what is changed; `target` what it is merged or moved into.

    `digest` is that of the words that are moved, `label` a new name, `parts` what a split made.
    An answer is `text` (市の考え方) with `handling` and `changed`. An inquiry has the department as
    `label`, its ISO date as `due` and the key of its `reminder`. `by`, `at` and
    `turn` say who made it, when, and with which message.
    """

    verb: Verb
    topic: Anchor = Anchor()
    target: Anchor = Anchor()
    digest: str = ""
    label: str = ""
    text: str = ""
    handling: str = ""
    changed: str = ""
    due: str = ""
    reminder: str = ""
    parts: tuple[Part, ...] = ()
    by: str = ""
    at: str = ""
    turn: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Edit:
        anchors = {
            name: Anchor(tuple(value[name]["digests"]), value[name]["is_part"])
            for name in ("topic", "target")
        }
        parts = tuple(Part(part["label"], tuple(part["digests"])) for part in value["parts"])
        return cls(**{**value, **anchors, "parts": parts})


@dataclass(frozen=True, slots=True)
class Applied:
    """An analysis with its edits.

    `numbers` are what people call the topics by: 3, and 3-2 for a part. They stay when topics are
    edited. `inquiries` are (topic, edit) in their order. `lost` are the places of edits whose
    topic was not found.
    """

    analysis: Analysis
    numbers: Mapping[int, str]
    locked: frozenset[int] = frozenset()
    inquiries: tuple[tuple[int, Edit], ...] = ()
    lost: tuple[int, ...] = ()


def digest(text: str) -> str:
    """What stands for a text: the same but for width, blanks and the numbers of placeholders."""
    plain = _PLACEHOLDER.sub(r"〈\1〉", unicodedata.normalize("NFKC", text))
    return sha256("".join(plain.split()).encode()).hexdigest()[:16]


def apply(analysis: Analysis, edits: Iterable[Edit]) -> Applied:
    """Make the changes in their order; one whose topic is not there is left out and named."""
    work = _Work(analysis)
    lost = tuple(at for at, edit in enumerate(edits) if not work.change(edit))
    locked, asked = frozenset(work.locked), tuple(work.inquiries)
    return Applied(work.analysis(), work.numbers(), locked, asked, lost)


def line_of(topics: Mapping[int, Topic], topic: int) -> list[int]:
    """A topic and all it is part of; nothing for what stands alone."""
    found = []
    while topic >= 0:
        found.append(topic)
        topic = topics[topic].parent
    return found


class _Work:
    """An analysis while it is changed: which topic each claim is in, by its place in the file."""

    def __init__(self, analysis: Analysis) -> None:
        self._before = analysis
        self.topics = {topic.id: topic for topic in analysis.topics}
        self._claims = [
            (opinion, claim) for opinion in analysis.opinions for claim in opinion.claims
        ]
        self.topics_of = [claim.topic for _, claim in self._claims]
        self.locked: set[int] = set()
        self.inquiries: list[tuple[int, Edit]] = []
        self.places: dict[str, list[int]] = {}
        for at, (_, claim) in enumerate(self._claims):
            self.places.setdefault(digest(claim.masked), []).append(at)

    def line(self, topic: int) -> list[int]:
        return line_of(self.topics, topic)

    def change(self, edit: Edit) -> bool:
        """Make one change. False when its topic is not there."""
        if edit.verb == "move":
            return self._move(edit)
        topic = self.find(edit.topic)
        if edit.verb == "lock":
            self._lock(edit, self._new(edit.label) if topic is None else topic)
            return True
        if topic is None:
            return False
        match edit.verb:
            case "rename":
                self.topics[topic] = replace(self.topics[topic], label=edit.label)
            case "merge":
                return self._merge(topic, self.find(edit.target))
            case "split":
                self._split(topic, edit.parts)
            case "inquire":
                self.inquiries.append((topic, edit))
            case "unlock":
                self.locked.discard(topic)
            case "answer":
                self.topics[topic] = replace(
                    self.topics[topic],
                    answer=edit.text,
                    handling=edit.handling,
                    changed=edit.changed,
                )
        return True

    def find(self, anchor: Anchor) -> int | None:
        """The topic that holds the most of an anchor's words, if it holds enough of them."""
        known = [at for name in anchor.digests for at in self.places.get(name, ())[:1]]
        held: dict[int, int] = {}
        for at in known:
            for topic in self.line(self.topics_of[at]):
                held[topic] = held.get(topic, 0) + 1
        # On its own level first: a whole always holds at least what its part holds.
        order = sorted(
            held,
            key=lambda topic: (
                (self.topics[topic].parent >= 0) != anchor.is_part,
                -held[topic],
                topic,
            ),
        )
        enough = [topic for topic in order if known and held[topic] >= SAME * len(known)]
        return enough[0] if enough else None

    def _new(self, label: str, parent: int = ISOLATED) -> int:
        number = max(self.topics, default=-1) + 1
        self.topics[number] = Topic(number, label, "", "", 0, 0, parent)
        return number

    def _merge(self, topic: int, into: int | None) -> bool:
        if into is None or into == topic:
            return False
        goes = {topic} if into in self.line(topic) else self._inside(topic)
        for part in sorted(goes - {topic}):
            if self.topics[into].parent < 0:
                self.topics[part] = replace(self.topics[part], parent=into)
                goes.discard(part)
        self.topics_of = [into if at in goes else at for at in self.topics_of]
        return True

    def _split(self, topic: int, parts: Sequence[Part]) -> None:
        """Members go where their words went; new ones to the part they are nearest to."""
        inside = self._inside(topic)
        parent = self.topics[topic].parent
        made = {at: self._new(part.label, parent) for at, part in enumerate(parts) if part.label}
        part_of = {name: at for at, part in enumerate(parts) for name in part.digests}
        members = [at for at, found in enumerate(self.topics_of) if found in inside]
        known = [(at, part_of[name]) for at in members if (name := self._digest(at)) in part_of]
        profiles = Profiles(
            (str(part), self._claims[at][1].masked, 1.0) for at, part in known if part in made
        )
        placed = dict(known)
        for at in members:
            if at not in placed:
                near = profiles.nearest(self._claims[at][1].masked, top=1)
                placed[at] = int(near[0].name) if near else -1
            self.topics_of[at] = made.get(placed[at], topic)

    def _digest(self, at: int) -> str:
        return digest(self._claims[at][1].masked)

    def numbers(self) -> dict[int, str]:
        """3 for the third topic of the analysis, 3-2 for its second part; new ones go on."""
        made: dict[int, str] = {}
        wholes = 0
        parts_of: dict[int, int] = {}
        for topic in sorted(self._before.topics, key=lambda topic: (topic.parent >= 0, topic.id)):
            if topic.parent < 0:
                wholes += 1
                made[topic.id] = str(wholes)
            else:
                part = parts_of[topic.parent] = parts_of.get(topic.parent, 0) + 1
                made[topic.id] = f"{made[topic.parent]}-{part}"
        for number in sorted(set(self.topics) - set(made)):
            wholes += 1
            made[number] = str(wholes)
        return made

    def _move(self, edit: Edit) -> bool:
        places = self.places.get(edit.digest, [])
        if not places:
            return False
        if edit.label:
            target: int | None = self._new(edit.label)
        elif edit.target.digests:
            target = self.find(edit.target)
        else:
            target = ISOLATED
        if target is None:
            return False
        for at in places:
            self.topics_of[at] = target
        return True

    def _lock(self, edit: Edit, topic: int) -> None:
        for name in edit.topic.digests:
            for at in self.places.get(name, ()):
                if topic not in self.line(self.topics_of[at]):
                    self.topics_of[at] = topic
        self.topics[topic] = replace(self.topics[topic], label=edit.label)
        self.locked.add(topic)

    def _inside(self, topic: int) -> set[int]:
        return {other for other in self.topics if topic in self.line(other)}

    def analysis(self) -> Analysis:
        """The changed analysis, its topics counted anew; empty topics are gone."""
        claims = iter(zip(self._claims, self.topics_of, strict=True))
        opinions = []
        for opinion in self._before.opinions:
            pairs = [next(claims) for _ in opinion.claims]
            if any(claim.topic != topic for (_, claim), topic in pairs):
                changed = tuple(replace(claim, topic=topic) for (_, claim), topic in pairs)
                opinion = replace(opinion, claims=changed)
            opinions.append(opinion)
        topics = tuple(self._counted(opinions))
        return replace(self._before, opinions=tuple(opinions), topics=topics)

    def _counted(self, opinions: Sequence[Opinion]) -> list[Topic]:
        members: dict[int, list[tuple[Opinion, Claim]]] = {}
        for opinion in opinions:
            for claim in opinion.claims:
                for topic in self.line(claim.topic):
                    members.setdefault(topic, []).append((opinion, claim))
        counted = [_counted(self.topics[topic], found) for topic, found in members.items()]
        wholes = sorted(
            (topic for topic in counted if topic.parent < 0),
            key=lambda topic: (-topic.count, topic.id),
        )
        parts = sorted(
            (topic for topic in counted if topic.parent >= 0),
            key=lambda topic: (topic.parent, -topic.count, topic.id),
        )
        return [*wholes, *parts]


def _counted(topic: Topic, members: Sequence[tuple[Opinion, Claim]]) -> Topic:
    """A topic with its counts; another opinion stands for it when its own is not in it any more."""
    heard = {opinion.voice for opinion, _ in members}
    counted = replace(topic, count=len(members), voices=len(heard))
    if any(opinion.id == topic.representative for opinion, _ in members):
        return counted
    # The claim in the middle by length: neither a shout nor an essay.
    ordered = sorted(members, key=lambda pair: (len(pair[1].masked), pair[0].row))
    opinion, claim = ordered[len(ordered) // 2]
    return replace(counted, representative=opinion.id, excerpt=excerpt(claim.masked))
