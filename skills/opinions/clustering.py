"""Groups of near points, and how many: the grouping under which the nearness is most likely.

For each way of grouping there is a simple model: two things of one group are near with one rate,
two things of different groups with another. The rates that fit best give the grouping its
likelihood, and the best grouping wins. So nobody has to say how many topics there are.

Source of the likelihood: the degree-corrected planted partition model, Newman (2016), "Equivalence
between modularity optimization and maximum likelihood methods", Phys. Rev. E 94, 052315.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster import hierarchy
from sknetwork.clustering import Louvain

NEIGHBOURS = 15
# Points from where on they are put into cells, how many, and how many of them are looked at.
CELLED, CELLS, LOOKED_AT = 10_000, 200, 10
SEED = 20_500
# Groupings this close to the best, as a share of its likelihood, are as good.
CLOSE = 0.003
# A likelihood below says that all are alike, or that none are.
NOTHING = 1e-6
# A graph of so few nodes is cheap to try again in another order.
SMALL, ATTEMPTS = 2_000, 10
LOWEST, HIGHEST = -2, 16  # of the resolutions 2**(i/2)


@dataclass(frozen=True, slots=True)
class Level:
    """One way of grouping: `groups` int32 (n,), 0.. ; `likelihood` per unit of nearness."""

    groups: NDArray[np.int32]
    likelihood: float


def neighbours(points: NDArray[np.float32], count: int = NEIGHBOURS) -> sparse.csr_matrix:
    """Similarities of each point to its nearest: float32 CSR (n, n), symmetric, none below 0."""
    n = len(points)
    count = min(count, max(0, n - 1))
    near, which = nearest(points, points, count + 1)
    rows = np.repeat(np.arange(n, dtype=np.int32), near.shape[1])
    columns = which.ravel().astype(np.int32)
    kept = (columns >= 0) & (columns != rows) & (near.ravel() > 0)
    graph = sparse.csr_matrix((near.ravel()[kept], (rows[kept], columns[kept])), shape=(n, n))
    return sparse.csr_matrix(graph.maximum(graph.T), dtype=np.float32)


def nearest(
    points: NDArray[np.float32], others: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The `count` points nearest to each of the others: similarities and indices, best first."""
    whole = faiss.IndexFlatIP(points.shape[1])
    index = whole if len(points) < CELLED else _celled(whole, points)
    index.add(points)
    near, which = index.search(others, count)
    return near, which


def _celled(centres: Any, points: NDArray[np.float32]) -> Any:
    """An index that compares only with the points of the nearest cells: much faster."""
    index = faiss.IndexIVFFlat(centres, points.shape[1], CELLS, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed, index.nprobe = SEED, LOOKED_AT
    index.train(points)
    return index


def best_communities(graph: sparse.csr_matrix, *, finest: bool = True) -> NDArray[np.int32]:
    """Communities of a graph at the resolution whose grouping is the most likely.

    `graph` is symmetric (n, n). Of the groupings that are about as likely, the one with the most
    groups is taken, or with `finest` false the fewest. Resolutions are tried from coarse to
    fine, then closer around the best.
    """
    if not graph.nnz:
        return np.zeros(graph.shape[0], dtype=np.int32)
    tried: dict[int, Level] = {}

    def level(step: int) -> float:
        if step not in tried:
            tried[step] = _communities(graph, 2 ** (step / 2))
        return tried[step].likelihood

    best = _climb(level)
    close = [step for step, found in tried.items() if found.likelihood >= (1 - CLOSE) * level(best)]
    return tried[max(close) if finest else min(close)].groups


def _climb(value: Callable[[int], float]) -> int:
    """The step with the greatest value: every fourth, then every second, then every one."""
    best = max(range(LOWEST, HIGHEST + 1, 4), key=value)
    for width in (2, 1):
        around = [best - width, best, best + width]
        best = max((step for step in around if LOWEST <= step <= HIGHEST), key=value)
    return best


def _communities(graph: sparse.csr_matrix, resolution: float) -> Level:
    """The likeliest of some attempts; of a large graph there is one only."""

    def attempt(seed: int) -> Level:
        louvain = Louvain(resolution=resolution, random_state=seed, shuffle_nodes=seed > 0)
        groups = np.asarray(louvain.fit_predict(graph), dtype=np.int32)
        return Level(groups, likelihood(graph, groups))

    attempts = ATTEMPTS if graph.shape[0] <= SMALL else 1
    return max(map(attempt, range(attempts)), key=lambda level: level.likelihood)


def likelihood(graph: sparse.csr_matrix, groups: NDArray[np.int32]) -> float:
    """Log-likelihood of the grouping per unit of nearness, above that of no grouping."""
    rows = np.repeat(groups, np.diff(graph.indptr))
    inside = float(graph.data[rows == groups[graph.indices]].sum(dtype=np.float64))
    strength = np.bincount(rows, weights=graph.data)
    # A node near to itself stands for several things, and those are pairs too.
    single = np.asarray(graph.sum(axis=1), dtype=np.float64).ravel()[graph.diagonal() == 0]
    return _likelihood(inside, strength.sum(), (strength**2).sum(), (single**2).sum())


def _likelihood(inside: float, total: float, squares: float, single: float) -> float:
    """`inside`: nearness within groups, of the `total`; `squares`: of the strengths of the groups,
    `single`: of those of their members, since nothing is counted as near to itself."""
    pairs = total * total - single
    if pairs <= 0:
        return 0.0
    expected = total * (squares - single) / pairs
    outside, apart = total - inside, total - expected
    gain = inside * np.log(inside / expected) if inside > 0 < expected else 0.0
    if outside > 1e-9 * total and apart > 1e-9 * total:
        gain += outside * np.log(outside / apart)
    return float(gain / total)


def to_middles(points: NDArray[np.float32], groups: NDArray[np.int32]) -> NDArray[np.int32]:
    """Each point to the group whose middle is nearest: one step of k-means puts borders right."""
    count = len(points)
    belongs = sparse.csr_matrix((np.ones(count, dtype=np.float32), (groups, np.arange(count))))
    middles = belongs @ points
    middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-12)
    nearest_middle = (points @ middles.T).argmax(axis=1)
    return np.unique(nearest_middle, return_inverse=True)[1].astype(np.int32)


def best_cut(similarity: NDArray[np.float32], *, finest: bool = True) -> NDArray[np.int32]:
    """Average linkage, cut where the grouping is the most likely; for some thousands at most.

    `similarity` is symmetric (n, n), none below 0. `finest` as in `best_communities`.
    """
    n = len(similarity)
    if n < 2:
        return np.zeros(n, dtype=np.int32)
    upper = np.triu_indices(n, 1)
    tree = hierarchy.linkage(np.maximum(0, 1 - similarity[upper].astype(np.float64)), "average")
    values = _along(tree, similarity)
    if values.max() < NOTHING:
        return np.zeros(n, dtype=np.int32)
    close = np.flatnonzero(values >= (1 - CLOSE) * values.max())
    # After i merges n - i groups are left.
    merges = int(close.min() if finest else close.max())
    return np.asarray(hierarchy.cut_tree(tree, n - merges).ravel(), dtype=np.int32)


def _along(tree: NDArray[np.float64], similarity: NDArray[np.float32]) -> NDArray[np.float64]:
    """Likelihood after each number of merges: (n,), from 0 merges to n - 1."""
    n = len(similarity)
    near = similarity.astype(np.float64)
    np.fill_diagonal(near, 0)
    strength = near.sum(axis=1)
    total, inside, single = strength.sum(), 0.0, (strength**2).sum()
    squares = single
    place = list(range(n))
    values = np.zeros(n)
    for merge, (first, second) in enumerate(tree[:, :2].astype(int)):
        one, other = place[first], place[second]
        inside += 2 * near[one, other]
        squares += 2 * strength[one] * strength[other]
        near[one] += near[other]
        near[:, one] += near[:, other]
        strength[one] += strength[other]
        place.append(one)
        values[merge + 1] = _likelihood(inside, total, squares, single)
    return values
