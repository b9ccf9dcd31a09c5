"""What is searched for: the terms of a question, widened by the words manuals use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.japanese import grams, words
from bot.services.manuals.synonyms import meant_by

# A longer question is cut: what is asked stands near its beginning.
LONGEST = 4_000
# What a manual may call it counts less than what was asked.
SYNONYM_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """Terms and how much each counts; `stand_ins` are the manuals' words for a word asked."""

    words: Mapping[str, float]
    grams: Mapping[str, float]
    stand_ins: Mapping[str, Sequence[frozenset[str]]]

    @classmethod
    def of(cls, text: str) -> Question:
        text = text[:LONGEST]
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
        return cls(counted, counted_grams, stand_ins)

    @property
    def asked(self) -> list[str]:
        """The words of the question itself, which an answer should cover."""
        return [word for word, weight in self.words.items() if weight >= 1]

    def coverage(self, weights: Mapping[str, float], held: set[str]) -> float:
        """The share of the question's weight that these words hold, in 0..1."""
        whole = sum(weights.values())
        covered = sum(
            weight
            for word, weight in weights.items()
            if word in held or any(meant <= held for meant in self.stand_ins.get(word, ()))
        )
        return covered / whole if whole else 0.0

    def __bool__(self) -> bool:
        return bool(self.words or self.grams)
