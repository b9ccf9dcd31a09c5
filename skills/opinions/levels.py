"""Two levels of topics from rows of features, and which opinions stand alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skills.opinions import clustering
from skills.opinions.features import Rows

# A topic of fewer opinions is not divided again.
DIVIDED = 4
# Who belongs to a topic is this many times nearer to it than to the opinions outside.
NEARER = 2
# What rounding leaves of a nearness of 0.
NOTHING = 1e-5


def by_tree(rows: Rows, *, deep: bool = True) -> NDArray[np.int32]:
    """Two levels of few rows: int32 (n, 2), topic or -1, and second level or -1.

    With `deep` false there is no second level.
    """
    product = rows @ rows.T
    dense = product.toarray() if sparse.issparse(product) else product
    similarity = np.maximum(dense, 0).astype(np.float32)
    topic = _settle(clustering.best_cut(similarity), rows)
    levels = np.stack([topic, np.full_like(topic, -1)], axis=1)
    for group in members(topic):
        if deep and len(group) >= DIVIDED:
            within = similarity[np.ix_(group, group)]
            levels[group, 1] = clustering.best_cut(within, finest=False)
    return _without_empty_divisions(levels)


def by_graph(
    graph: sparse.csr_matrix, points: NDArray[np.float32], rows: Rows, *, deep: bool = True
) -> NDArray[np.int32]:
    """Two levels of many rows, as `by_tree` makes them.

    `graph` (n, n) is that of the neighbours of `points`, float32 (n, k); these may be the rows.
    """
    leaves = clustering.to_middles(points, clustering.best_communities(graph))
    if not deep:
        topic = _settle(leaves, rows)
        return np.stack([topic, np.full_like(topic, -1)], axis=1)
    total = sums(leaves, rows)
    near = total @ total.T
    near = near.toarray() if sparse.issparse(near) else np.maximum(near, 0)
    # That each row is near to itself says nothing about its community.
    itself = np.bincount(leaves).astype(near.dtype)
    near[np.diag_indices_from(near)] = np.maximum(near.diagonal() - itself, 0)
    above = clustering.best_communities(sparse.csr_matrix(near), finest=False)
    topic = _settle(above[leaves], rows)
    levels = np.stack([topic, np.where(topic == above[leaves], leaves, -1)], axis=1)
    return _without_empty_divisions(levels)


def _settle(topic: NDArray[np.int32], rows: Rows) -> NDArray[np.int32]:
    """Move what is not near to its topic to the nearest; what is near to none stands alone.

    The only one of its topic was joined with nothing, and stands alone too.
    """
    at = np.arange(len(topic))
    product = rows @ sums(topic, rows).T
    near = product.toarray() if sparse.issparse(product) else product
    near[at, topic] -= 1
    size = np.bincount(topic)
    rest = np.tile(size.astype(near.dtype), (len(topic), 1))
    rest[at, topic] -= 1
    mean = near / np.maximum(rest, 1)
    mean[:, size == 1] = 0
    all_near = near.sum(axis=1)

    def is_near(where: NDArray[np.int32]) -> NDArray[np.bool_]:
        outside = (all_near - near[at, where]) / np.maximum(len(topic) - 1 - rest[at, where], 1)
        return np.asarray(mean[at, where] > np.maximum(NEARER * outside, NOTHING))

    nearest = mean.argmax(axis=1).astype(np.int32)
    only = size[topic] == 1
    settled = np.where(is_near(topic) | only, topic, nearest)
    belongs = is_near(settled) & ~only
    left = np.bincount(settled[belongs], minlength=len(size))
    return np.where(belongs & (left[settled] > 1), settled, -1).astype(np.int32)


def _without_empty_divisions(levels: NDArray[np.int32]) -> NDArray[np.int32]:
    """A topic whose members are all of one second level has none."""
    for group in members(levels[:, 0]):
        if len(np.unique(levels[group, 1])) == 1:
            levels[group, 1] = -1
    return levels


def sums(groups: NDArray[np.int32], rows: Rows) -> Rows:
    """Sum of the rows of each group: (g, d), sparse when the rows are."""
    count = len(groups)
    belongs = sparse.csr_matrix((np.ones(count, dtype=np.float32), (groups, np.arange(count))))
    return belongs @ rows


def members(groups: NDArray[np.int32]) -> Iterator[NDArray[np.int64]]:
    """Indices of each group from 0 upwards, each in order; none of what is in no group, -1."""
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(groups.max(initial=-1) + 2))
    for start, end in pairwise(bounds):
        if end > start:
            yield order[start:end]


def to_centre(rows: Rows) -> NDArray[np.float32]:
    """How near each row is to the middle of all of them: float32 (n,)."""
    middle = np.asarray(rows.sum(axis=0)).reshape(-1)
    return np.asarray(rows @ middle, dtype=np.float32)
