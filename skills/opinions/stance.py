"""Whether a text is for or against what is proposed: 賛成, 反対, 条件付き, 中立, or undecided.

Learnt from examples of each, and of texts that nobody can tell (不明). Below a threshold it stays
undecided, which is often: a wrong side is worse than none. A long text is judged by sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import get_args

from skills.opinions.classifier import Classifier, Judgement
from skills.opinions.examples import read_examples
from skills.opinions.model import Stance

# Chosen by five-fold cross-validation on the examples: see tests/bench/opinions_judgements.py.
THRESHOLD = 0.6
STRENGTH = 10.0
# The examples are about so long; more words drown the ones that tell.
_LONGEST_WHOLE = 80
_STANCES: tuple[Stance, ...] = get_args(Stance)
_SENTENCE_END = re.compile(r"(?<=[。！!？?\n])")
_QUOTED = re.compile(r"「[^」]{0,200}」|『[^』]{0,200}』")


def stances(texts: Sequence[str]) -> list[Stance]:
    """The stance of each text; "" when undecided."""
    at, parts = [], []
    for number, text in enumerate(texts):
        for part in [text] if len(text) <= _LONGEST_WHOLE else _SENTENCE_END.split(text):
            if part.strip():
                at.append(number)
                # What somebody else said is not the writer's stance.
                parts.append(_QUOTED.sub("「」", part))
    heard: list[set[Stance]] = [set() for _ in texts]
    for number, judgement in zip(at, _classifier().judge(parts), strict=True):
        heard[number].add(_decided(judgement))
    return [_together(found - {""}) for found in heard]


def _decided(judgement: Judgement) -> Stance:
    if judgement.chances[judgement.label] < THRESHOLD:
        return ""
    return next((stance for stance in _STANCES if stance == judgement.label), "")


def _together(found: set[Stance]) -> Stance:
    """One stance for sentences that may differ; a question beside an opinion says nothing."""
    sides = found - {"中立"} or found
    if sides == {"賛成", "条件付き"}:
        return "条件付き"
    return next(iter(sides)) if len(sides) == 1 else ""


@cache
def _classifier() -> Classifier:
    return Classifier(read_examples("stance"), strength=STRENGTH)
