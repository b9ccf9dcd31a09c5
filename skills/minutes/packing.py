"""Clauses into a summary: the most content words, weighted, that a length holds.

A knapsack. Every sentence offers its wordings (clauses left out, its topic put before it); for
every length the best choice of wordings so far is kept, a word counting once however often said.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.japanese import words
from skills.minutes.compress import Clause, Plain

# A clause cut at its beginning keeps at least so many characters.
SHORTEST = 8
# A sentence says at least so many words.
FEWEST = 3
LONGEST_TOPIC = 18
# What it is worth that a point has been left out, touched, or has a sentence that concludes.
COVER = (0.0, 0.5, 6.0)
CONCLUDES = 1.4
# Of two summaries with the same words, the shorter.
LENGTH = 0.001
# A word of GENERAL is worth less by this share.
DISCOUNT = 0.5
# Normalised words that any speech may end with.
_GENERAL = """
取り組み 取り組む 推進 進める 図る 努める 連携 行う 充実 強化 向上 重要 必要 課題 状況 実現
関係 対応 実施 目指す 様々 県 市 区 都 町 村 本市 本県 伺う 求める
"""
GENERAL = frozenset(_GENERAL.split())
_POINTING = re.compile(r"(?:その|この|これ|それ|こうし|そうし|ここ|そこ)")
_FIELD = re.compile(r"(?:対策|支援|振興|事業|活動|行政|教育|整備|施設|センター|病院|学校|窓口)$")


@dataclass(frozen=True, slots=True)
class Part:
    """A plain sentence to choose from: the point it belongs to, its worth, its lines."""

    sentence: Plain
    point: int
    weight: float
    lines: tuple[int, ...]
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One wording: its text with 「。」, its words as bits; `whole` when it begins at a clause."""

    text: str
    bits: int
    weight: float
    lines: tuple[int, ...]
    whole: bool


_State = tuple[float, int, tuple[Choice, ...]]


def pack(parts: list[Part], limit: int) -> list[Choice]:
    """The wordings worth most together, in order, at most `limit` characters; maybe none."""
    ids: dict[str, int] = {}
    options = [(part.point, _choices(part, ids, limit)) for part in parts]
    general = sum(1 << ids[word] for word in GENERAL if word in ids)
    return _best(options, limit, general)


def _choices(part: Part, ids: dict[str, int], limit: int) -> list[Choice]:
    """Every way to leave clauses out, with and without its topic and the question, in the limit."""
    opening = _opening(part.topic) if part.weight > CONCLUDES else ""
    clauses = part.sentence.clauses
    made = []
    for kept in _subsets(clauses):
        ends = kept[-1] == len(clauses) - 1
        for text, whole in _wordings([clauses[at] for at in kept]):
            bits = _bits(text, ids)
            if bits.bit_count() < FEWEST or len(text) >= limit:
                continue
            weight = part.weight * (0.5 if _POINTING.match(text) else 1.0)
            made.append(Choice(f"{text}。", bits, weight, part.lines, whole))
            if opening:
                marks = bits | _bits(part.topic, ids)
                made.append(Choice(f"{opening}{text}。", marks, part.weight, part.lines, True))
            for ask in _asks(part.sentence.ask) if ends else ():
                marks = bits | _bits(ask, ids)
                made.append(Choice(f"{text}。{ask}。", marks, weight, part.lines, whole))
    return [choice for choice in made if len(choice.text) <= limit]


def _opening(topic: str) -> str:
    if not topic or len(topic) > LONGEST_TOPIC:
        return ""
    return f"{topic}では、" if _FIELD.search(topic) else f"{topic}について、"


def _asks(ask: str) -> list[str]:
    """「市長の見解は」 and 「見解は」; nothing when nobody was asked."""
    return sorted({ask, ask.rpartition("の")[2]}) if ask else []


def _wordings(clauses: list[Clause]) -> Iterator[tuple[str, bool]]:
    """The clauses put together; then with one of them begun later. True when begun at a clause."""
    pieces = [clause.text for clause in clauses[:-1]] + [clauses[-1].closed]
    yield "、".join(pieces), True
    for at, clause in enumerate(clauses):
        for start in clause.starts:
            if len(pieces[at]) - start.at >= SHORTEST:
                shorter = [*pieces[:at], pieces[at][start.at :], *pieces[at + 1 :]]
                yield "、".join(shorter), start.whole or at > 0


@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(words(text))


def _bits(text: str, ids: dict[str, int]) -> int:
    bits = 0
    for word in _words(text):
        bits |= 1 << ids.setdefault(word, len(ids))
    return bits


@lru_cache(maxsize=64)
def _combinations(count: int) -> tuple[tuple[int, ...], ...]:
    if count > 5:
        runs = [tuple(range(first, count)) for first in range(count)]
        return tuple(runs + [(at,) for at in range(count - 1)])
    return tuple(
        tuple(at for at in range(count) if mask >> at & 1) for mask in range(1, 1 << count)
    )


def _subsets(clauses: tuple[Clause, ...]) -> list[tuple[int, ...]]:
    """Clauses that may stand together.

    A background clause only right before what it explains; nothing without its condition.
    """
    made = []
    conditions = {at for at, clause in enumerate(clauses[:-1]) if clause.condition}
    for kept in _combinations(len(clauses)):
        if any(at not in kept and at < kept[-1] for at in conditions):
            continue
        if clauses[kept[-1]].closed and all(
            not clauses[at].background or all(each.background for each in clauses[at:following])
            for at, following in itertools.pairwise(kept)
        ):
            made.append(kept)
    return made


def _best(options: list[tuple[int, list[Choice]]], limit: int, general: int) -> list[Choice]:
    """Knapsack over sentences: for every length and how well its point is covered, the best."""
    states: dict[tuple[int, int], _State] = {(0, 0): (0.0, 0, ())}
    current = None
    for point, choices in options:
        if point != current:
            current, states = point, _next_point(states)
        grown = dict(states)
        for (length, level), (worth, seen, chosen) in states.items():
            for choice in choices:
                size = length + len(choice.text)
                if size > limit or not (length or choice.whole):
                    continue
                fresh = choice.bits & ~seen
                count = fresh.bit_count() - DISCOUNT * (fresh & general).bit_count()
                reached = max(level, 1 + (choice.weight > CONCLUDES))
                value = (
                    worth + count * choice.weight + COVER[reached] - COVER[level] - LENGTH * size
                )
                if (size, reached) not in grown or value > grown[size, reached][0]:
                    grown[size, reached] = (value, seen | choice.bits, (*chosen, choice))
        states = grown
    return list(max(states.values(), key=lambda state: state[0])[2])


def _next_point(states: dict[tuple[int, int], _State]) -> dict[tuple[int, int], _State]:
    """Nothing is covered of the new point yet."""
    merged: dict[tuple[int, int], _State] = {}
    for (length, _), state in states.items():
        if (length, 0) not in merged or state[0] > merged[length, 0][0]:
            merged[length, 0] = state
    return merged
