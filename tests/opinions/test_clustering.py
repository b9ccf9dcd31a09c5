"""How many groups there are, and which."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from skills.opinions.clustering import best_communities, best_cut, likelihood, neighbours


def blocks(sizes: list[int], *, near: float = 0.6, far: float = 0.1) -> np.ndarray:
    group = np.repeat(np.arange(len(sizes)), sizes)
    random = np.random.default_rng(5)
    similarity = np.where(group[:, None] == group, near, far)
    similarity = similarity + 0.02 * random.random(similarity.shape)
    similarity = (similarity + similarity.T) / 2
    np.fill_diagonal(similarity, 1)
    return similarity.astype(np.float32)


def without_itself(similarity: np.ndarray) -> sparse.csr_matrix:
    similarity = similarity.copy()
    np.fill_diagonal(similarity, 0)
    return sparse.csr_matrix(similarity)


@pytest.mark.parametrize("sizes", [[5, 5], [4, 9, 6], [2, 2, 2, 20], [6] * 12])
def test_the_cut_finds_the_groups_that_are_there(sizes: list[int]) -> None:
    found = best_cut(blocks(sizes))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    assert [len(set(found[truth == at])) for at in range(len(sizes))] == [1] * len(sizes)
    assert len(set(found)) == len(sizes)


def test_the_groups_that_are_there_are_likelier_than_finer_or_coarser_ones() -> None:
    graph = without_itself(blocks([10, 10, 10, 10]))
    true = np.repeat(np.arange(4), 10).astype(np.int32)
    coarser, finer = true // 2, np.arange(40, dtype=np.int32) // 5
    assert likelihood(graph, true) > max(likelihood(graph, coarser), likelihood(graph, finer))


def test_a_grouping_that_says_nothing_has_no_likelihood() -> None:
    graph = without_itself(blocks([10, 10]))
    for groups in (np.zeros(20, dtype=np.int32), np.arange(20, dtype=np.int32)):
        assert likelihood(graph, groups) == pytest.approx(0, abs=1e-9)


def test_communities_of_a_graph_of_cliques_are_the_cliques() -> None:
    graph = without_itself((blocks([12] * 30, far=0.0) > 0.3).astype(np.float32))
    found = best_communities(graph)
    truth = np.repeat(np.arange(30), 12)
    assert len(set(found)) == 30
    assert len(set(zip(found, truth, strict=True))) == 30


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_things_are_one_group(count: int) -> None:
    assert set(best_cut(np.eye(count, dtype=np.float32))) <= {0}


def test_nothing_is_its_own_neighbour() -> None:
    points = np.random.default_rng(2).standard_normal((50, 6)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    graph = neighbours(points)
    assert not graph.diagonal().any()
    assert (graph != graph.T).nnz == 0
