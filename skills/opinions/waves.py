"""What changed between two waves of opinions: new, grown, shrunk and gone topics.

Topics are matched by the words that were sent, and, where few were sent again, by what they speak
of. A topic that matches none is called new or gone rather than forced onto another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skills.opinions.edits import digest
from skills.opinions.model import Analysis, Topic
from skills.opinions.similarity import Profiles

Kind = Literal["新規", "増加", "減少", "同じ", "消滅"]
# Both set by hand, on invented consultations only: a person reads the pairs.
LEAST_LIKE = 0.3
# So much of the words of a topic must have been sent before to call it the same by them.
LEAST_SHARED = 0.3
READ = 300


@dataclass(frozen=True, slots=True)
class Change:
    """One topic in both waves; `before` and `after` are 実質件数, `was` its earlier name."""

    kind: Kind
    label: str
    before: int
    after: int
    was: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The topics, and how many opinions of the later wave were not in the earlier one.

    `before` and `after` are 実質件数 of the whole files: a longer one makes most topics grow.
    """

    changes: tuple[Change, ...]
    new_opinions: int
    gone_opinions: int
    before: int
    after: int


def compare(before: Analysis, after: Analysis) -> Comparison:
    """Compare the topics of the first level."""
    earlier = [topic for topic in before.topics if topic.parent < 0]
    later = [topic for topic in after.topics if topic.parent < 0]
    pairs = _matched(before, after, earlier, later)
    changes = []
    for topic in later:
        old = pairs.get(topic.id)
        if old is None:
            changes.append(Change("新規", topic.label, 0, topic.voices))
            continue
        kind: Kind = (
            "増加" if topic.voices > old.voices else "減少" if topic.voices < old.voices else "同じ"
        )
        was = old.label if old.label != topic.label else ""
        changes.append(Change(kind, topic.label, old.voices, topic.voices, was))
    kept = {topic.id for topic in pairs.values()}
    changes += [
        Change("消滅", topic.label, topic.voices, 0) for topic in earlier if topic.id not in kept
    ]
    old_words = {digest(opinion.masked) for opinion in before.opinions}
    new_words = {digest(opinion.masked) for opinion in after.opinions}
    return Comparison(
        tuple(changes),
        sum(digest(opinion.masked) not in old_words for opinion in after.opinions),
        sum(digest(opinion.masked) not in new_words for opinion in before.opinions),
        before.voices,
        after.voices,
    )


def _matched(
    before: Analysis, after: Analysis, earlier: list[Topic], later: list[Topic]
) -> dict[int, Topic]:
    """The earlier topic of each later one, one to one, the surest first."""
    profiles = Profiles((str(topic.id), _words(before, topic), 1.0) for topic in earlier)
    sent = {topic.id: _sent(before, topic) for topic in earlier}
    scored = []
    for topic in later:
        near = {int(found.name): found.score for found in profiles.nearest(_words(after, topic))}
        mine = _sent(after, topic)
        for old in earlier:
            shared = len(mine & sent[old.id]) / max(1, min(len(mine), len(sent[old.id])))
            alike = near.get(old.id, 0.0)
            if shared >= LEAST_SHARED or alike >= LEAST_LIKE:
                scored.append((max(1 + shared if shared >= LEAST_SHARED else 0, alike), old, topic))
    pairs: dict[int, Topic] = {}
    taken: set[int] = set()
    for _, old, topic in sorted(scored, key=lambda item: (-item[0], item[1].id, item[2].id)):
        if topic.id not in pairs and old.id not in taken:
            pairs[topic.id] = old
            taken.add(old.id)
    return pairs


def _sent(analysis: Analysis, topic: Topic) -> set[str]:
    return {digest(claim.masked) for _, claim in analysis.members[topic.id]}


def _words(analysis: Analysis, topic: Topic) -> str:
    """The name and the words of a topic, as many as tell what it is about."""
    said = dict.fromkeys(claim.masked for _, claim in analysis.members[topic.id][:READ])
    return "\n".join([topic.label, *said])
