"""Clauses into a summary: the words most likely to be wanted that a length holds.

A knapsack. Every sentence offers its wordings (clauses left out, its topic put before it); for
every length the best choice of wordings so far is kept, a word counting once however often said.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
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
COVER = (0.0, 0.1, 0.8)
CONCLUDES = 1.4
# Of two summaries with the same words, the shorter, and the one of fewer sentences.
LENGTH = 0.0003
SENTENCE = 0.08
# A sentence that begins with 「この」 needs the one before it.
POINTED = 0.15
# A word less likely than this is not worth reading.
THRESHOLD = 0.07
# Lengths that are told apart; of a long summary, every few characters.
LENGTHS = 400
# Likelihoods are counted in steps of this size.
STEP = 0.025
_POINTING = re.compile(r"(?:その|この|これ|それ|こうし|そうし|ここ|そこ)")
# 「窓口を設置する」 ends as printed summaries do; 「完了」 alone would read as if it were done.
_DOING = re.compile(
    r"(?<=[\u4e00-\u9fff\u30a1-\u30fc]{2})(?<!完了)(?<!終了)(?<!完成)(?<!達成)する$"
)
_LEAD = re.compile(r"^(?:それでは|では|まずは?|次に|続いて|最後に)、?")
_NUMBERED = re.compile(r"(?:議[事題案]|報告|協議|審議|日程|案件)の?第?[(]?[0-9一二三四五六七八九]")
_OBJECT = re.compile(r"[^、はが]{1,16}?[をにへで]")
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
    """One wording: its text with 「。」, its words as bits, and what it costs to read.

    `concludes` when its sentence does, `whole` when it begins at a clause.
    """

    text: str
    bits: int
    concludes: bool
    lines: tuple[int, ...]
    whole: bool
    cost: float


@dataclass(frozen=True, slots=True)
class _Offer:
    """A choice with its words as (bits, worth of each), and what it is worth if all are new."""

    choice: Choice
    words: tuple[tuple[int, float], ...]
    most: float


# Worth, length, words so far, choices.
_State = tuple[float, int, int, tuple[Choice, ...]]
_States = dict[tuple[int, int], _State]


def pack(parts: list[Part], limit: int, worth: Mapping[str, float]) -> list[Choice]:
    """The wordings worth most together, in order, at most `limit` characters; maybe none.

    `worth` is how likely each word is to be wanted, between 0 and 1.
    """
    # Better few words, or a sentence begun at a later noun, than none.
    for fewest, whole in ((FEWEST, True), (1, True), (1, False)):
        ids: dict[str, int] = {}
        choices = [(part.point, _choices(part, ids, limit, fewest)) for part in parts]
        likely: dict[int, int] = {}
        for word, at in ids.items():
            step = round((worth.get(word, 0.0) - THRESHOLD) / STEP)
            likely[step] = likely.get(step, 0) | 1 << at
        steps = [(mask, step * STEP) for step, mask in likely.items() if step]
        options = [(point, [_offer(each, steps) for each in some]) for point, some in choices]
        if chosen := _best(options, limit, whole=whole):
            return chosen
    return []


def _offer(choice: Choice, steps: list[tuple[int, float]]) -> _Offer:
    words_ = tuple((choice.bits & mask, value) for mask, value in steps if choice.bits & mask)
    most = sum(mask.bit_count() * value for mask, value in words_ if value > 0)
    return _Offer(choice, words_, most - choice.cost)


def _choices(part: Part, ids: dict[str, int], limit: int, fewest: int) -> list[Choice]:
    """Every way to leave clauses out, with and without its topic and the question, in the limit."""
    concludes = part.weight > CONCLUDES
    opening = _opening(part.topic) if concludes else ""
    clauses = part.sentence.clauses
    made = []

    def add(text: str, bits: int, whole: bool, pointing: bool) -> None:
        cost = SENTENCE + LENGTH * len(text) + (POINTED if pointing else 0.0)
        made.append(Choice(text, bits, concludes, part.lines, whole, cost))

    for kept in _subsets(clauses):
        ends = kept[-1] == len(clauses) - 1
        for text, whole in _wordings([clauses[at] for at in kept]):
            bits = _bits(text, ids)
            if bits.bit_count() < fewest or len(text) >= limit:
                continue
            pointing = _POINTING.match(text) is not None
            add(f"{text}。", bits, whole, pointing)
            if opening:
                add(f"{opening}{text}。", bits | _bits(part.topic, ids), True, False)
            for ask in _asks(part.sentence.ask) if ends else ():
                add(f"{text}。{ask}。", bits | _bits(ask, ids), whole, pointing)
    return [choice for choice in made if len(choice.text) <= limit]


def _opening(topic: str) -> str:
    topic = _LEAD.sub("", topic)
    if _NUMBERED.match(topic):
        return ""
    # 「脱炭素に関連して、太陽光パネル」 is about the last of it.
    topic = topic.rpartition("、")[2] if len(topic) > LONGEST_TOPIC else topic
    if not topic or len(topic) > LONGEST_TOPIC:
        return ""
    return f"{topic}では、" if _FIELD.search(topic) else f"{topic}について、"


def _asks(ask: str) -> list[str]:
    """「市長の見解は」 and 「見解は」; nothing when nobody was asked."""
    return sorted({ask, ask.rpartition("の")[2]}) if ask else []


def _wordings(clauses: list[Clause]) -> Iterator[tuple[str, bool]]:
    """The clauses put together; then with one of them begun later. True when begun at a clause."""
    pieces = [clause.text for clause in clauses[:-1]] + [_DOING.sub("", clauses[-1].closed)]
    yield "、".join(pieces), True
    for at, clause in enumerate(clauses):
        for start in clause.starts:
            rest = pieces[at][start.at :]
            # 「道が塞がれ、車も通れない光景は…」: what comes before goes with what would be cut.
            if len(rest) < SHORTEST or (at and not start.whole and not _OBJECT.match(rest)):
                continue
            yield "、".join([*pieces[:at], rest, *pieces[at + 1 :]]), start.whole or at > 0


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


def _best(options: list[tuple[int, list[_Offer]]], limit: int, *, whole: bool) -> list[Choice]:
    """Knapsack over sentences: for every length and how well its point is covered, the best."""
    grain = 1 + limit // LENGTHS
    states: _States = {(0, 0): (0.0, 0, 0, ())}
    current = None
    for point, offers in options:
        if point != current:
            current, states = point, _next_point(states)
        grown = dict(states)
        for (_, level), state in states.items():
            for offer in offers:
                choice = offer.choice
                size = state[1] + len(choice.text)
                if size > limit or not (state[1] or choice.whole or not whole):
                    continue
                reached = max(level, 1 + choice.concludes)
                covered = COVER[reached] - COVER[level]
                key = (size // grain, reached)
                held = grown.get(key)
                if held and state[0] + covered + offer.most <= held[0]:
                    continue
                seen = state[2]
                gained = sum([value * (mask & ~seen).bit_count() for mask, value in offer.words])
                worth = state[0] + covered + gained - choice.cost
                if not held or worth > held[0]:
                    grown[key] = (worth, size, seen | choice.bits, (*state[3], choice))
        states = grown
    said = [state for state in states.values() if state[3]]
    return list(max(said, key=lambda state: state[0])[3]) if said else []


def _next_point(states: _States) -> _States:
    """Nothing is covered of the new point yet."""
    merged: _States = {}
    for (length, _), state in states.items():
        if (length, 0) not in merged or state[0] > merged[length, 0][0]:
            merged[length, 0] = state
    return merged
