"""Which of some named texts a short text is nearest to, and by which words.

Cosine between TF-IDF vectors of `bigrams.terms`, each name being the sum of its texts.

Source: Rocchio's method with cosine similarity, Manning et al., Introduction to Information
Retrieval (2008), sections 6.3 and 14.2.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from skills.opinions.bigrams import terms


class Near(NamedTuple):
    """A name, its cosine in 0..1, and the words that brought it near, strongest first."""

    name: str
    score: float
    shared: tuple[str, ...]


class Profiles:
    """Named texts to compare with. `texts` are (name, text, weight)."""

    def __init__(self, texts: Iterable[tuple[str, str, float]]) -> None:
        counted = [(name, Counter(terms(text)), weight) for name, text, weight in texts]
        seen = Counter(term for _, counts, _ in counted for term in counts)
        self._idf = {term: math.log(1 + len(counted) / count) for term, count in seen.items()}
        sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for name, counts, weight in counted:
            for term, value in self._vector(counts).items():
                sums[name][term] += weight * value
        self._postings: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for name, vector in sums.items():
            length = _length(vector)
            for term, value in vector.items():
                self._postings[term].append((name, value / length))

    def __bool__(self) -> bool:
        return bool(self._postings)

    def nearest(self, text: str, *, top: int = 3) -> list[Near]:
        """At most `top` names, best first; none that shares no word."""
        shares: dict[str, dict[str, float]] = defaultdict(dict)
        for term, value in self._vector(Counter(terms(text))).items():
            for name, weight in self._postings[term]:
                shares[name][term] = value * weight
        scored = sorted(((-sum(found.values()), name) for name, found in shares.items()))
        return [Near(name, -score, _strongest(shares[name])) for score, name in scored[:top]]

    def _vector(self, counts: Mapping[str, int]) -> dict[str, float]:
        """Unit length over the known words; what nobody else uses says nothing."""
        vector = {
            term: (1 + math.log(count)) * self._idf[term]
            for term, count in counts.items()
            if term in self._idf
        }
        length = _length(vector)
        return {term: value / length for term, value in vector.items()}


def _length(vector: Mapping[str, float]) -> float:
    return math.sqrt(sum(value * value for value in vector.values())) or 1.0


def _strongest(shares: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(sorted(shares, key=lambda term: -shares[term])[:3])
