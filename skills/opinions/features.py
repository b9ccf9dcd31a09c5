"""Opinions as numbers: words to TF-IDF, and TF-IDF or given vectors to a few dense dimensions.

Rows come out with unit length, so that an inner product is a cosine.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bot import japanese
from skills.opinions import words

# What a grouping is made from: float32 (n, d), sparse CSR for TF-IDF or a dense array.
Rows: TypeAlias = Any

DIMENSIONS = 128
SEED = 20_500

# What an opinion is about stands in its nouns, and in which nouns stand together: mode A cuts
# 待機児童 into two. Verbs are what people want done, and that is much the same everywhere.
# Character grams find what the dictionary cuts or spells differently.
# A field of municipal work joins opinions that share no word.
WEIGHTS = {"n": 1.0, "c": 1.0, "v": 0.3, "g": 0.3, "f": 1.0}
_NOUN = frozenset({"名詞", "形状詞"})
_PART = frozenset({"接頭辞", "接尾辞"})
_VERB = frozenset({"動詞", "形容詞", "副詞"})
# A text longer than this is an attachment put into a cell; its beginning says what it is about.
READ = 4_000


def fields(text: str) -> frozenset[str]:
    """The fields of municipal work that a text speaks of, see `wordlists/fields.txt`."""
    return frozenset(term[1:] for term in terms(text) if term[0] == "f")


def terms(text: str, *, grams: bool = False) -> Iterator[str]:
    """Terms of a text, repeats kept; the first letter is the kind, see `WEIGHTS`.

    With `grams` those of characters too: they help where few opinions share few words.
    """
    field = _field_of()
    for term in _words(text[:READ]):
        yield term
        if term in field:
            yield "f" + field[term]
    for gram in japanese.grams(text[:READ]) if grams else ():
        yield "g" + gram


@cache
def _field_of() -> dict[str, str]:
    """The field of each word that has one, by its last term: 児童 joined with 待機 for 待機児童."""
    found: dict[str, str] = {}
    for name, *listed in words.lines("fields"):
        for word in listed:
            *_, last = _words(word)
            found.setdefault(last, name)
    return found


def _words(text: str) -> Iterator[str]:
    before = ""
    for unit in japanese.morphemes(text):
        form = unit.normalized.lower()
        is_noun = unit.pos in _NOUN and unit.detail != "数詞" and form[:1].isalnum()
        if is_noun and form not in japanese.IGNORED:
            yield "n" + form
        elif unit.pos in _VERB and form not in japanese.IGNORED:
            yield "v" + form
        joins = is_noun or unit.pos in _PART
        if joins and before:
            yield "c" + before + form
        before = form if joins else ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms with their weights; turns texts into rows. Made by `learn`."""

    column: dict[str, int]
    weight: NDArray[np.float32]
    grams: bool

    def rows(self, texts: Iterable[str]) -> sparse.csr_matrix:
        """TF-IDF of the texts: float32 CSR (n, v), rows of unit length, or empty."""
        return self.weigh(_count(texts, self.column, grams=self.grams, grows=False))

    def weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Counts of terms into TF-IDF, with the logarithm of a count in its place."""
        matrix = counts.copy()
        matrix.data = (1 + np.log(matrix.data)) * self.weight[matrix.indices]
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).ravel()
        matrix.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(matrix.indptr))
        return matrix.astype(np.float32)


def learn(texts: Sequence[str], *, grams: bool = True) -> tuple[Vocabulary, sparse.csr_matrix]:
    """Make the vocabulary of the texts; returns their TF-IDF too, see `Vocabulary.rows`.

    Terms of a single text stay: they keep a text that shares little with others apart.
    """
    column: dict[str, int] = {}
    counts = _count(texts, column, grams=grams, grows=True)
    seen = np.bincount(counts.indices, minlength=max(1, len(column)))
    kind = np.array([WEIGHTS[term[0]] for term in column] or [1.0])
    # A little above nothing for what all texts have: they may have nothing else.
    rarity = np.log((1 + len(texts)) / (0.5 + seen))
    vocabulary = Vocabulary(column, (kind * rarity).astype(np.float32), grams)
    return vocabulary, vocabulary.weigh(counts)


def _count(
    texts: Iterable[str], column: dict[str, int], *, grams: bool, grows: bool
) -> sparse.csr_matrix:
    indices, ends = array("i"), array("q", [0])
    for text in texts:
        if grows:
            indices.extend(
                column.setdefault(term, len(column)) for term in terms(text, grams=grams)
            )
        else:
            indices.extend(column[term] for term in terms(text, grams=grams) if term in column)
        ends.append(len(indices))
    counts = sparse.csr_matrix(
        (
            np.ones(len(indices), dtype=np.float32),
            np.frombuffer(indices, dtype=np.int32) if indices else np.zeros(0, dtype=np.int32),
            np.frombuffer(ends, dtype=np.int64),
        ),
        shape=(len(ends) - 1, max(1, len(column))),
    )
    counts.sum_duplicates()
    return counts


@dataclass(frozen=True, slots=True)
class Projection:
    """The directions in which rows differ most. Made by `project`.

    `basis`: float32 (d, k); `mean`: float32 (d,).
    """

    basis: NDArray[np.float32]
    mean: NDArray[np.float32]

    def points(self, matrix: Rows) -> NDArray[np.float32]:
        """The rows seen from these directions: float32 (n, k), unit length."""
        dense = np.asarray(matrix @ self.basis, dtype=np.float32)
        dense *= _scale(matrix)[:, None]
        dense -= self.mean @ self.basis
        lengths = np.linalg.norm(dense, axis=1, keepdims=True)
        return np.asarray(dense / np.maximum(lengths, 1e-12), dtype=np.float32)


def project(matrix: Rows) -> Projection:
    """Find the directions of greatest variance of the rows, each taken at unit length.

    Source: Halko, Martinsson and Tropp (2011), randomized range finder with two power steps.
    The rows are never copied: 27,000 of 1,536 are 166 MB.
    """
    n, width = matrix.shape
    kept = max(1, min(DIMENSIONS, n, width))
    scale = _scale(matrix)
    mean = np.asarray(matrix.T @ scale / max(1, n), dtype=np.float32)
    random = np.random.default_rng(SEED)
    basis = random.standard_normal((width, min(kept + 16, n, width))).astype(np.float32)
    for _ in range(2):
        seen = scale[:, None] * (matrix @ basis) - mean @ basis
        back = matrix.T @ (scale[:, None] * seen) - np.outer(mean, seen.sum(axis=0))
        basis = np.linalg.qr(back)[0]
    seen = scale[:, None] * (matrix @ basis) - mean @ basis
    _, turn = np.linalg.eigh(seen.T @ seen)
    return Projection((basis @ turn[:, ::-1][:, :kept]).astype(np.float32), mean)


def _scale(matrix: Rows) -> NDArray[np.float32]:
    """What each row is multiplied by to have unit length; 0 for an empty one."""
    if sparse.issparse(matrix):
        squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    else:
        squares = np.einsum("ij,ij->i", matrix, matrix)
    lengths = np.sqrt(squares)
    scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.asarray(scale, dtype=np.float32)
