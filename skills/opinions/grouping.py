"""From opinions to topics and a map: the one way in to features, clustering, labels and layout.

Some hundred opinions are joined pair by pair (`clustering.best_cut`). Beyond that, neighbours are
looked for, and their communities (`clustering.best_communities`) become the second level; the
first is made of communities that speak of the same things. Beyond some ten thousand, a part of
the opinions is grouped so, and every other one follows those it is nearest to.

Everything runs on one thread with fixed seeds: the same opinions are grouped the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from bot import BadInput
from skills.opinions import clustering, features, labels, layout, levels

# (topic, subtopic); the subtopic is -1 for the whole topic.
Key = tuple[int, int]

# Up to so many, all pairs are compared.
FEW, FEW_VECTORS = 3_000, 100
# Beyond so many, the rest follows these.
MOST = 40_000
FOLLOWED = 5
CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which topic each of n texts belongs to, and where it stands on the map.

    `topic`: int32 (n,), 0..t-1, the largest first; -1 stands alone, an isolated opinion.
    `subtopic`: int32 (n,), 0.. within the topic; -1 where the topic has no second level.
    `xy`: float32 (n, 2), within -1..1. `representative` and `labels` have a key for every
    topic, `(topic, -1)`, and for every second level, `(topic, subtopic)`: the index of its most
    typical text, and a name of at most 15 characters.
    """

    topic: NDArray[np.int32]
    subtopic: NDArray[np.int32]
    xy: NDArray[np.float32]
    representative: Mapping[Key, int]
    labels: Mapping[Key, str]


def _silent(text: str) -> None:
    pass


def group_texts(
    texts: Sequence[str],
    *,
    weights: Sequence[int] | None = None,
    progress: Callable[[str], None] = _silent,
) -> Grouping:
    """Group distinct texts by their words.

    `weights` are the numbers of opinions behind each text: they decide which topic is the
    largest, and nothing else. `progress` is told in Japanese what is being done.
    """
    if not len(texts):
        return _nothing()
    with threadpool_limits(limits=1):
        progress("言葉を調べています…")
        chosen = _chosen(len(texts))
        vocabulary, rows = features.learn([texts[at] for at in chosen], grams=len(chosen) <= FEW)
        projection = features.project(rows)
        points = projection.points(rows)
        progress("話題に分けています…")
        graph = clustering.neighbours(points)
        found = levels.by_tree(rows) if len(chosen) <= FEW else levels.by_graph(graph, points, rows)
        progress("地図に並べています…")
        xy = _arrange(points, graph, found[:, 0])
        if len(chosen) < len(texts):
            progress("残りのご意見を近い話題に入れています…")
            chunks = (
                projection.points(vocabulary.rows(texts[start : start + CHUNK]))
                for start in range(0, len(texts), CHUNK)
            )
            found, xy = _spread(chosen, points, found, xy, chunks)
        progress("話題に名前を付けています…")
        grouping = _number(found, xy, weights)
        return _name(grouping, _typical(grouping, chosen, rows), texts)


def group_vectors(
    vectors: NDArray[np.float32],
    *,
    texts: Sequence[str] | None = None,
    weights: Sequence[int] | None = None,
) -> Grouping:
    """Group given vectors: float32 (n, d), such as embeddings of opinions.

    Without texts there is one level, the one whose number of groups the vectors support best.
    With them there are two, as in `group_texts`, and the topics have names. `weights` as there.

    Raises BadInput when a value is not a finite number.
    """
    if not len(vectors):
        return _nothing()
    if not np.isfinite(vectors).all():
        raise BadInput(
            "vectors are not finite",
            remedy="ベクトルに数でない値(NaNや無限大)があります。作り直してお渡しください。",
        )
    with threadpool_limits(limits=1):
        chosen = _chosen(len(vectors))
        rows = vectors if len(chosen) == len(vectors) else vectors[chosen]
        projection = features.project(rows)
        points = projection.points(rows)
        graph = clustering.neighbours(points)
        deep = texts is not None
        if len(chosen) <= FEW_VECTORS:
            found = levels.by_tree(points, deep=deep)
        else:
            found = levels.by_graph(graph, points, points, deep=deep)
        xy = _arrange(points, graph, found[:, 0])
        if len(chosen) < len(vectors):
            chunks = (
                projection.points(vectors[start : start + CHUNK])
                for start in range(0, len(vectors), CHUNK)
            )
            found, xy = _spread(chosen, points, found, xy, chunks)
        grouping = _number(found, xy, weights)
        return _name(grouping, _typical(grouping, chosen, points), texts)


def _nothing() -> Grouping:
    none = np.zeros(0, dtype=np.int32)
    return Grouping(none, none, np.zeros((0, 2), dtype=np.float32), {}, {})


def _chosen(count: int) -> NDArray[np.int64]:
    """Which are looked at first: all, or some spread evenly."""
    if count <= MOST:
        return np.arange(count)
    return np.linspace(0, count - 1, MOST).astype(np.int64)


def _arrange(
    points: NDArray[np.float32], graph: sparse.csr_matrix, topic: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Places on the map. Few opinions have few true neighbours: there the topics help them."""
    if len(points) <= FEW:
        middles = np.zeros((topic.max(initial=-1) + 2, points.shape[1]), dtype=np.float32)
        for number, group in enumerate(levels.members(topic)):
            middles[number] = points[group].mean(axis=0)
        points = points + 2 * middles[topic]
        points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
        graph = clustering.neighbours(points)
    return layout.lay_out(graph, points)


def _number(
    found: NDArray[np.int32], xy: NDArray[np.float32], weights: Sequence[int] | None
) -> Grouping:
    """Number topics and second levels anew, the heaviest first."""
    heavy = np.ones(len(found)) if weights is None else np.asarray(weights, dtype=np.float64)
    topic = _by_weight(found[:, 0], heavy)
    subtopic = np.full(len(found), -1, dtype=np.int32)
    for group in levels.members(topic):
        subtopic[group] = _by_weight(found[group, 1], heavy[group])
    return Grouping(topic, subtopic, xy, {}, {})


def _by_weight(groups: NDArray[np.int32], weights: NDArray[np.float64]) -> NDArray[np.int32]:
    known = groups >= 0
    names, which = np.unique(groups[known], return_inverse=True)
    heavy = np.bincount(which, weights[known], minlength=len(names))
    rank = np.empty(len(names), dtype=np.int32)
    rank[np.argsort(-heavy, kind="stable")] = np.arange(len(names))
    found = np.full(len(groups), -1, dtype=np.int32)
    found[known] = rank[which]
    return found


def _typical(
    grouping: Grouping, chosen: NDArray[np.int64], rows: features.Rows
) -> dict[Key, list[int]]:
    """The most typical texts of every topic and second level, best first."""
    topic, subtopic = grouping.topic[chosen], grouping.subtopic[chosen]
    found: dict[Key, list[int]] = {}
    for number, group in enumerate(levels.members(topic)):
        parts = [(-1, group)]
        parts += [(at, group[part]) for at, part in enumerate(levels.members(subtopic[group]))]
        for at, part in parts:
            near = levels.to_centre(rows[part])
            best = part[np.argsort(-near, kind="stable")[: labels.READ]]
            found[number, at] = chosen[best].tolist()
    return found


def _name(
    grouping: Grouping, typical: Mapping[Key, list[int]], texts: Sequence[str] | None
) -> Grouping:
    representative = {key: members[0] for key, members in typical.items()}
    if texts is None:
        names = {key: f"話題{key[0] + 1}" for key in typical}
    else:
        names = labels.name({key: [texts[at] for at in typical[key]] for key in typical})
    return replace(grouping, representative=representative, labels=names)


def _spread(
    chosen: NDArray[np.int64],
    points: NDArray[np.float32],
    found: NDArray[np.int32],
    xy: NDArray[np.float32],
    chunks: Iterable[NDArray[np.float32]],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Let every other opinion follow the chosen ones it is nearest to.

    `chunks` are the points of all opinions, in order. The chosen keep what they have.
    """
    all_found, all_xy = [], []
    for chunk in chunks:
        near, which = clustering.nearest(points, chunk, FOLLOWED)
        pull = np.maximum(near, 1e-6) ** 4
        pull /= pull.sum(axis=1, keepdims=True)
        all_found.append(found[which[:, 0]])
        all_xy.append((pull[:, :, None] * xy[which]).sum(axis=1))
    every, places = np.concatenate(all_found), np.concatenate(all_xy).astype(np.float32)
    every[chosen], places[chosen] = found, xy
    return every, places
