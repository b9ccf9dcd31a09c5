"""What is searched for: the terms of a question, widened by the words manuals use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from bot.japanese import grams, words
from bot.services.manuals.synonyms import meant_by

# A longer question is cut: what is asked stands near its beginning.
LONGEST = 4_000
# What a manual may call it counts less than what was asked.
SYNONYM_WEIGHT = 0.5
# A question that says little by itself (「半日でも取れますか」) is one with the question before it
# in the thread; one that stands alone is only helped by it.
BEFORE_WEIGHT = 0.5
SAYS_LITTLE = 2


@dataclass(frozen=True, slots=True)
class Question:
    """Terms and how much each counts; `stand_ins` are the manuals' words for a word asked.

    `before` are words of the question before this one in its thread.
    """

    text: str
    words: Mapping[str, float]
    grams: Mapping[str, float]
    stand_ins: Mapping[str, Sequence[frozenset[str]]]
    before: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str, before: str = "") -> Question:
        text, before = text[:LONGEST], before[:LONGEST]
        asked = Counter(words(text))
        if before and len(asked) <= SAYS_LITTLE:
            text, before = f"{text}\n{before}", ""
            asked = Counter(words(text))
        counted: dict[str, float] = dict(asked)
        counted_grams: dict[str, float] = dict(Counter(grams(text)))
        stand_ins: dict[str, list[frozenset[str]]] = {}
        for said, meanings in meant_by(text).items():
            for meant in meanings:
                found = words(meant)
                for word in found:
                    counted.setdefault(word, SYNONYM_WEIGHT)
                for gram in grams(meant):
                    counted_grams.setdefault(gram, SYNONYM_WEIGHT)
                for word in words(said):
                    stand_ins.setdefault(word, []).append(frozenset(found))
        for word in words(before):
            counted.setdefault(word, BEFORE_WEIGHT)
        for gram in grams(before):
            counted_grams.setdefault(gram, BEFORE_WEIGHT)
        said_before = frozenset(words(before)) - asked.keys()
        return cls(text, counted, counted_grams, stand_ins, said_before)

    @property
    def asked(self) -> list[str]:
        """The words of the question itself, which an answer should cover."""
        return [word for word, weight in self.words.items() if weight >= 1]

    def coverage(self, weights: Mapping[str, float], held: Set[str]) -> float:
        """The share of the question's weight that these words hold, in 0..1."""
        whole = sum(weights.values())
        covered = sum(weight for word, weight in weights.items() if self.is_held(word, held))
        return covered / whole if whole else 0.0

    def is_held(self, word: str, held: Set[str]) -> bool:
        """Whether these words hold one of the question's, or what manuals call it."""
        return word in held or any(meant <= held for meant in self.stand_ins.get(word, ()))

    def __bool__(self) -> bool:
        return bool(self.words or self.grams)
