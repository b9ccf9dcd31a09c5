"""Short texts into classes, learnt from examples when it is first asked.

Multinomial logistic regression over TF-IDF weighted runs of one to three characters. A few
hundred examples take a second to learn, so they are shipped as sentences that can be read and
added to, and not as weights.

Source: scikit-learn's LogisticRegression with lbfgs minimises the same function; importing it
takes longer than learning here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import log_softmax, softmax
from threadpoolctl import threadpool_limits

Keys = NDArray[np.int64]
Numbers = NDArray[np.float64]

LONGEST_RUN = 3
# A code point has 21 bits, so three of them fit into a key of 63.
_BITS = 21
_BATCH = 20_000
_EDGE = "\n"


class Judgement(NamedTuple):
    """The likeliest class of a text, and the probability of every class."""

    label: str
    chances: dict[str, float]


class Classifier:
    """Learns from (label, text) pairs; the same pairs give the same judgements."""

    def __init__(self, examples: Iterable[tuple[str, str]], *, strength: float = 20.0) -> None:
        """`strength` is C, the inverse of the weight of the penalty on large weights."""
        pairs = list(examples)
        self.labels = tuple(sorted({label for label, _ in pairs}))
        truth = np.array([self.labels.index(label) for label, _ in pairs])
        rows, keys = _runs([text for _, text in pairs])
        known, seen = np.unique(keys, return_counts=True)
        # What stands once teaches nothing about other texts.
        self._known = known[seen > 1]
        counts = self._count(rows, keys, len(pairs))
        self._idf = np.log((1 + len(pairs)) / (1 + counts.getnnz(axis=0))) + 1
        # Threads that wait for each other cost ten times what they save here.
        with threadpool_limits(limits=1):
            self._weights = _fit(self._weigh(counts), truth, len(self.labels), strength)

    def judge(self, texts: Sequence[str]) -> Iterator[Judgement]:
        """The class of each text, in order."""
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            rows, keys = _runs(batch)
            features = self._weigh(self._count(rows, keys, len(batch)))
            for chances in softmax(_scores(self._weights, features), axis=1):
                named = dict(zip(self.labels, map(float, chances), strict=True))
                yield Judgement(self.labels[int(chances.argmax())], named)

    def _count(self, rows: Keys, keys: Keys, height: int) -> csr_matrix:
        at = np.minimum(np.searchsorted(self._known, keys), len(self._known) - 1)
        is_known = self._known[at] == keys
        places = (rows[is_known], at[is_known])
        shape = (height, len(self._known))
        return csr_matrix((np.ones(len(places[0])), places), shape=shape)

    def _weigh(self, counts: csr_matrix) -> csr_matrix:
        """(1 + log count) × idf, rows of unit length."""
        counts.sum_duplicates()
        values = (1 + np.log(counts.data)) * self._idf[counts.indices]
        weighed = csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)
        lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
        weighed.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(weighed.indptr))
        return weighed


def _runs(texts: Sequence[str]) -> tuple[Keys, Keys]:
    """(text, key) of every run of characters in every text."""
    plain = [f"{_EDGE}{unicodedata.normalize('NFKC', text).lower()}{_EDGE}" for text in texts]
    lengths = np.array([len(text) for text in plain])
    letters = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    key = letters.astype(np.int64)
    row = np.repeat(np.arange(len(texts)), lengths)
    rows, keys = [row], [key]
    for longer in range(1, LONGEST_RUN):
        # A run ends where its text does.
        key = (key[:-1] << _BITS) | letters[longer:]
        row = np.where(row[:-1] == rows[0][longer:], row[:-1], -1)
        rows.append(row[row >= 0])
        keys.append(key[row >= 0])
    return np.concatenate(rows), np.concatenate(keys)


def _fit(features: csr_matrix, truth: Keys, classes: int, strength: float) -> Numbers:
    """Weights (classes, features + 1), the last of each class its constant."""
    height, width = features.shape
    wanted = np.zeros((height, classes))
    wanted[np.arange(height), truth] = 1

    def loss(flat: Numbers) -> tuple[float, Numbers]:
        weights = flat.reshape(classes, width + 1)
        logs = log_softmax(_scores(weights, features), axis=1)
        gap = np.exp(logs) - wanted
        slope = np.hstack([(features.T @ gap).T, gap.sum(axis=0)[:, None]]) * strength
        slope[:, :-1] += weights[:, :-1]
        penalty = 0.5 * float((weights[:, :-1] ** 2).sum())
        return penalty - strength * float((wanted * logs).sum()), slope.ravel()

    found = minimize(
        loss,
        np.zeros(classes * (width + 1)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 300, "ftol": 1e-6},
    )
    weights: Numbers = found.x.reshape(classes, width + 1)
    return weights


def _scores(weights: Numbers, features: csr_matrix) -> Numbers:
    scores: Numbers = features @ weights[:, :-1].T + weights[:, -1]
    return scores
