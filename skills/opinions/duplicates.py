"""The same opinion sent more than once: identical texts, and mails made from one template.

Texts of a campaign share many stretches of four characters, whoever changed words, left sentences
out or wrote a line of their own below. Who writes about the same thing independently shares few.

Source of the search for pairs among many: MinHash with bands, Broder (1997), Indyk and Motwani
(1998). It looks at each text a fixed number of times, so its time grows no faster than the texts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

# Shorter texts are like each other by chance.
SHORTEST = 30
# So many rows made from one template are a campaign.
LEAST = 3
# Cosine of the stretches of two texts of one template, and how many they share at least, or what
# part of a short text: the name of a thing, such as パートナーシップ制度, is no template.
SHARED, SHARED_LEAST, SHARED_SHORT = 0.2, 12, 0.5
# A stretch in this share of a campaign's texts is of its template, and a text with this share of
# its stretches from there is made from it.
TEMPLATE, MADE = 0.1, 0.35
GRAM = 4
READ = 4_000
# Up to so many texts are all compared with each other; of more, those that agree in a band.
FEW = 1_000
BANDS, TOGETHER = 48, 8
CHUNK = 50_000
SEED = 20_500


@dataclass(frozen=True, slots=True)
class Duplicates:
    """`duplicate_of`: int32 (n,), index of the first identical text, -1 for the first itself.

    `campaign`: int32 (n,), number of the campaign in order of appearance, -1 for texts of none.
    Identical texts are of one campaign.
    """

    duplicate_of: NDArray[np.int32]
    campaign: NDArray[np.int32]


def find_duplicates(texts: Sequence[str]) -> Duplicates:
    """Find identical texts (but for width, case, blanks and punctuation) and campaigns."""
    normal = [normalise(text) for text in texts]
    first: dict[str, int] = {}
    original = np.array([first.setdefault(text, at) for at, text in enumerate(normal)], np.int32)
    duplicate_of = np.where(original == np.arange(len(texts)), -1, original).astype(np.int32)
    long = [at for text, at in first.items() if len(text) >= SHORTEST]
    group = np.arange(len(texts))
    if long:
        group[long] = np.array(long)[_joined([normal[at] for at in long])]
    group = group[original]
    is_long = np.zeros(len(texts), dtype=bool)
    is_long[long] = True
    rows = np.bincount(group, minlength=len(texts))
    return Duplicates(duplicate_of, _numbered(group, (rows[group] >= LEAST) & is_long[original]))


def normalise(text: str) -> str:
    """Letters and digits only, of one width and case; a text without any stays as it is."""
    letters = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in letters if letter.isalnum()) or letters.strip()


def _numbered(group: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Numbers 0.. of the kept groups in order of appearance, -1 for the others."""
    names, start, which = np.unique(group[kept], return_index=True, return_inverse=True)
    rank = np.empty(len(names), dtype=np.int32)
    rank[np.argsort(start)] = np.arange(len(names))
    numbered = np.full(len(group), -1, dtype=np.int32)
    numbered[kept] = rank[which]
    return numbered


def _joined(texts: Sequence[str]) -> NDArray[np.int64]:
    """For each text the first of those that come from the same template, itself included."""
    hashes, ends = _stretches(texts)
    count = len(texts)
    edges = [np.zeros((0, 2), dtype=np.int64)]
    component = np.arange(count)
    for pairs in _candidates(hashes, ends):
        fresh = pairs[component[pairs[:, 0]] != component[pairs[:, 1]]]
        parts = np.array_split(fresh, max(1, len(fresh) // CHUNK))
        edges += [part[_alike(hashes, ends, part)] for part in parts]
        first, second = np.concatenate(edges).T
        links = sparse.coo_matrix((np.ones(len(first)), (first, second)), (count, count))
        _, component = csgraph.connected_components(links, directed=False)
    start = np.full(count, count)
    np.minimum.at(start, component, np.arange(count))
    return np.where(_templated(component, hashes, ends), start[component], np.arange(count))


def _templated(
    component: NDArray[np.integer[Any]], hashes: NDArray[np.uint32], ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether a text has enough of what its group has in common: bool (n,).

    A chain of texts, each a little like the next, has nothing in common.
    """
    lengths = np.diff(ends, prepend=0)
    size = np.bincount(component)
    keys = np.repeat(component, lengths).astype(np.uint64) << np.uint64(32) | hashes
    _, which, seen = np.unique(keys, return_inverse=True, return_counts=True)
    needed = np.maximum(2, TEMPLATE * size)[np.repeat(component, lengths)]
    common = np.concatenate([[0], np.cumsum(seen[which] >= needed)])
    held = common[ends] - common[ends - lengths]
    return np.asarray(held >= MADE * lengths)


def _stretches(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Hashes of the stretches of each text, sorted, each once, and where each text ends."""
    found: list[NDArray[np.uint32]] = []
    lengths: list[int] = []
    for text in texts:
        codes = np.frombuffer(text[:READ].encode("utf-32-le", "ignore"), dtype=np.uint32)
        kana = (codes >= 0x3041) & (codes <= 0x309F)
        windows = np.lib.stride_tricks.sliding_window_view
        mixed = np.zeros(max(0, len(codes) - GRAM + 1), dtype=np.uint32)
        for at in range(GRAM):
            mixed = mixed * np.uint32(2_654_435_761) + codes[at : at + len(mixed)]
        # Endings such as してほしい say only that it is a wish.
        says = ~windows(kana, GRAM).all(axis=1) if len(mixed) else mixed.astype(bool)
        found.append(np.unique(mixed[says]))
        lengths.append(len(found[-1]))
    return np.concatenate(found), np.cumsum(lengths)


def _signatures(hashes: NDArray[np.uint32], ends: NDArray[np.int64]) -> NDArray[np.uint32]:
    """MinHash of each text: uint32 (n, 2 * BANDS)."""
    random = np.random.default_rng(SEED)
    factors = random.integers(1, 2**32, 2 * BANDS, dtype=np.uint32) | np.uint32(1)
    offsets = random.integers(0, 2**32, 2 * BANDS, dtype=np.uint32)
    lengths = np.diff(ends, prepend=0)
    signatures = np.zeros((len(ends), 2 * BANDS), dtype=np.uint32)
    full = np.flatnonzero(lengths)
    starts = (ends - lengths)[full]
    for at, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
        mixed = hashes * factor + offset
        mixed ^= mixed >> np.uint32(15)
        mixed *= np.uint32(2_246_822_519)
        signatures[full, at] = np.minimum.reduceat(mixed, starts)
    return signatures


def _candidates(hashes: NDArray[np.uint32], ends: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Pairs (m, 2) that may be alike: all of few texts, else each band's after another.

    Of the texts that agree in a band each is paired with the first and with the one before it.
    """
    count = len(ends)
    if count <= FEW:
        yield np.stack(np.triu_indices(count, 1), axis=1)
        return
    signatures = _signatures(hashes, ends)
    for start in range(0, BANDS, TOGETHER):
        codes = [_agreeing(signatures, band) for band in range(start, start + TOGETHER)]
        yield np.stack(np.divmod(np.unique(np.concatenate(codes)), count), axis=1)


def _agreeing(signatures: NDArray[np.uint32], band: int) -> NDArray[np.int64]:
    """The pairs of one band, each as first * n + second."""
    count = len(signatures)
    key = signatures[:, 2 * band].astype(np.uint64) << np.uint64(32)
    key |= signatures[:, 2 * band + 1]
    order = np.argsort(key, kind="stable")
    again = np.diff(key[order], prepend=key[order[0]] ^ np.uint64(1)) == 0
    first = order[np.maximum.accumulate(np.where(again, 0, np.arange(count)))]
    before = np.roll(order, 1)
    return np.concatenate(
        [first[again] * count + order[again], before[again] * count + order[again]]
    )


def _alike(
    hashes: NDArray[np.uint32], ends: NDArray[np.int64], pairs: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether the two texts of each pair share enough stretches: bool (m,)."""
    if not len(pairs):
        return np.zeros(0, dtype=bool)
    starts = np.concatenate([[0], ends[:-1]])
    size = (ends - starts)[pairs]
    # Each pair's stretches side by side under the pair's number: what is there twice is shared.
    keys = [
        (np.repeat(np.arange(len(pairs)), size[:, side]).astype(np.uint64) << np.uint64(32))
        | hashes[_ranges(starts[pairs[:, side]], size[:, side])]
        for side in (0, 1)
    ]
    both = np.sort(np.concatenate(keys), kind="stable")
    twice = both[1:][both[1:] == both[:-1]] >> np.uint64(32)
    shared = np.bincount(twice.astype(np.int64), minlength=len(pairs))
    least = np.minimum(SHARED_LEAST, SHARED_SHORT * size.min(axis=1))
    return np.asarray(shared >= np.maximum(least, SHARED * np.sqrt(size.prod(axis=1))))


def _ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start+1, … of each length, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) - np.repeat(ends - lengths - starts, lengths)
