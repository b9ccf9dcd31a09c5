"""Where the dots of a map stand, what colour a topic has, and which topics are named first.

The interactive map and the picture are drawn from the same dots. One dot is one claim; claims with
the same words would cover each other, so they stand in a small disc around the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.opinions.model import ISOLATED, Analysis, Claim, Opinion, Topic
from skills.opinions.report import FEW_VOICES

# Told apart with any kind of colour blindness, and 3 : 1 or more against the paper
# (tests/opinions/test_map.py measures both). Light paper, dark paper.
PAPER = ("#fbfaf7", "#161a19")
COLOURS = (
    ("#332288", "#ee3377", "#009988", "#997700", "#aa4499", "#7a4b00", "#882255"),
    ("#33bbee", "#ffaabb", "#bbcc33", "#ee8866", "#ee3377", "#0072b2", "#997700"),
)
ALONE = ("#6b716e", "#9aa39f")
# The k-th repeat stands sqrt(k) such steps from the first; the map is 2 wide.
STEP = 0.0035
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True)
class Dots:
    """n claims in the order of the file. `xy` is float32 (n, 2), within about -1..1.

    `topic` is int32 (n,): the id of the claim's own topic. `top` is that of the whole it is part
    of. `is_repeat` marks claims whose words stood before, and members of a campaign after the
    first.
    """

    claims: tuple[tuple[Opinion, Claim], ...]
    xy: NDArray[np.float32]
    topic: NDArray[np.int32]
    top: NDArray[np.int32]
    is_repeat: NDArray[np.bool_]


def place(analysis: Analysis, most: int | None = None) -> Dots:
    """The dots of an analysis; above `most`, some of them, evenly spread over the file."""
    claims = [(opinion, claim) for opinion in analysis.opinions for claim in opinion.claims]
    if most is not None and len(claims) > most:
        chosen = np.linspace(0, len(claims) - 1, most).astype(int)
        claims = [claims[at] for at in chosen]
    xy = np.array([(claim.x, claim.y) for _, claim in claims], dtype=np.float32).reshape(-1, 2)
    seen: dict[tuple[float, float, str], int] = {}
    heard: set[str] = set()
    is_repeat = np.zeros(len(claims), dtype=np.bool_)
    for at, (opinion, claim) in enumerate(claims):
        key = (claim.x, claim.y, claim.masked)
        repeats = seen[key] = seen.get(key, -1) + 1
        is_repeat[at] = repeats > 0 or (opinion.campaign >= 0 and opinion.voice in heard)
        heard.add(opinion.voice)
        if repeats:
            angle, radius = repeats * GOLDEN_ANGLE, STEP * np.sqrt(repeats)
            xy[at] += radius * np.cos(angle), radius * np.sin(angle)
    tops = {topic.id: _top(analysis, topic) for topic in analysis.topics}
    topic = np.array([claim.topic for _, claim in claims], dtype=np.int32)
    top = np.array([tops.get(claim.topic, ISOLATED) for _, claim in claims], dtype=np.int32)
    return Dots(tuple(claims), xy, topic, top, is_repeat)


def _top(analysis: Analysis, topic: Topic) -> int:
    while topic.parent >= 0:
        topic = analysis.topic_by_id[topic.parent]
    return topic.id


def whole_topics(analysis: Analysis) -> list[Topic]:
    """The topics of the first level, the one with the most voices first."""
    tops = [topic for topic in analysis.topics if topic.parent < 0]
    return sorted(tops, key=lambda topic: (-topic.voices, topic.id))


def minorities(analysis: Analysis) -> list[Topic]:
    """Topics that only a few speak of; they are listed beside the isolated opinions."""
    return [topic for topic in whole_topics(analysis) if topic.voices <= FEW_VOICES]


def centres(dots: Dots, topics: Sequence[Topic]) -> dict[int, tuple[float, float]]:
    """The middle of each topic: where its name stands."""
    found = {}
    for topic in topics:
        members = dots.xy[(dots.topic == topic.id) | (dots.top == topic.id)]
        if len(members):
            # A member's place: between two far ones there may be nothing.
            off = np.abs(members - np.median(members, axis=0)).sum(axis=1)
            x, y = members[int(np.argmin(off))]
            found[topic.id] = (float(x), float(y))
    return found


def colour_numbers(
    topics: Sequence[Topic], middles: dict[int, tuple[float, float]]
) -> dict[int, int]:
    """Which of COLOURS each topic has: of those, the one that is farthest away from it."""
    users: list[list[tuple[float, float]]] = [[] for _ in COLOURS[0]]
    chosen = {}
    for topic in topics:
        x, y = middles.get(topic.id, (0.0, 0.0))
        distances = [
            min((np.hypot(x - left, y - up) for left, up in places), default=np.inf)
            for places in users
        ]
        chosen[topic.id] = int(np.argmax(distances))
        users[chosen[topic.id]].append((x, y))
    return chosen
