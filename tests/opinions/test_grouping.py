"""Opinions and vectors into topics."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from bot import BadInput
from skills.opinions import grouping
from skills.opinions.grouping import Grouping, group_texts, group_vectors
from tests.opinions.consultation import opinions, truth

ROOT = Path(__file__).parents[2]
LIBRARY = [
    "図書館の開館時間を夜まで延ばしてください。",
    "図書館の開館時間が短くて仕事帰りに寄れません。",
    "図書館の開館時間は土日こそ長くしてほしい。",
    "夜も図書館の開館時間にしてほしいです。",
    "図書館の開館時間について、夏だけでも延長を。",
]
ROADS = [
    "市道の舗装が穴だらけで危ない。",
    "舗装の穴を早く直してください。市道なのに。",
    "市道の舗装を直す順番を教えてほしい。",
    "雨のたび市道の舗装に水がたまる。",
    "市道の舗装工事の予定を公表して。",
]


def mixture(
    topics: int, size: int, *, noise: float = 1.5, width: int = 96, seed: int = 7
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    centres = random.standard_normal((topics, width))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    of = random.integers(topics, size=size)
    drawn = centres[of] + noise * random.standard_normal((size, width)) / np.sqrt(width)
    return drawn.astype(np.float32), of


def lost(found: Grouping, count: int) -> bool:
    shapes = (len(found.topic), len(found.subtopic), *found.xy.shape)
    return shapes != (count, count, count, 2) or not np.isfinite(found.xy).all()


def test_opinions_on_two_things_are_two_topics() -> None:
    found = group_texts([*LIBRARY, *ROADS])
    assert found.topic.tolist() == [0] * 5 + [1] * 5
    assert found.labels[0, -1] == "図書館の開館時間"
    assert found.labels[1, -1] == "市道の舗装"


def test_an_opinion_unlike_all_others_stands_alone() -> None:
    found = group_texts([*LIBRARY, "柔軟剤のにおいで頭痛がします。", *ROADS])
    assert found.topic.tolist() == [0] * 5 + [-1] + [1] * 5


def test_every_opinion_of_a_consultation_has_a_topic_or_stands_alone() -> None:
    rows = opinions("dev")
    found = group_texts([row.text for row in rows])
    assert not lost(found, len(rows))
    topics = set(range(found.topic.max() + 1))
    assert set(found.topic.tolist()) - {-1} == topics
    assert {key for key, _ in found.labels} == topics


def test_the_chapters_of_a_consultation_are_found_without_being_told() -> None:
    rows = opinions("dev")
    found = group_texts([row.text for row in rows])
    alone = np.where(found.topic < 0, 1_000 + np.arange(len(rows)), found.topic)
    assert adjusted_rand_score(truth(rows), alone) > 0.4
    paths = alone * 1_000 + found.subtopic
    assert adjusted_rand_score(truth(rows, issues=True), paths) > 0.25


def test_the_representative_of_a_topic_is_one_of_its_own_opinions() -> None:
    found = group_texts([row.text for row in opinions("dev")])
    assert found.representative.keys() == found.labels.keys()
    for (topic, second), at in found.representative.items():
        assert found.topic[at] == topic
        assert second in (-1, found.subtopic[at])


def test_second_levels_are_numbered_from_0_within_their_topic() -> None:
    found = group_texts([row.text for row in opinions("dev")])
    assert found.subtopic.max() > 0
    for topic in range(found.topic.max() + 1):
        seconds = set(found.subtopic[found.topic == topic].tolist())
        assert seconds in ({-1}, set(range(len(seconds))))
        assert {second for key, second in found.labels if key == topic} == seconds | {-1}


def test_the_number_of_opinions_behind_a_text_decides_the_order_and_nothing_else() -> None:
    texts = [*LIBRARY, *ROADS]
    heavy = group_texts(texts, weights=[1] * 5 + [9] * 5)
    assert heavy.topic.tolist() == [1] * 5 + [0] * 5
    assert np.array_equal(heavy.xy, group_texts(texts).xy)


def test_what_is_going_on_is_told() -> None:
    said: list[str] = []
    group_texts(LIBRARY, progress=said.append)
    assert any("話題" in line for line in said)


@pytest.mark.parametrize("topics", [5, 20, 60])
def test_the_number_of_topics_in_vectors_is_found(topics: int) -> None:
    vectors, of = mixture(topics, 60 * topics)
    found = group_vectors(vectors)
    assert found.topic.max() + 1 == topics
    assert adjusted_rand_score(of, found.topic) > 0.95


def test_vectors_without_texts_have_one_level() -> None:
    found = group_vectors(mixture(6, 300)[0])
    assert set(found.subtopic.tolist()) == {-1}
    assert found.labels[0, -1] == "話題1"


def test_vectors_with_texts_have_names() -> None:
    vectors, of = mixture(2, 300, noise=0.8)
    texts = [(LIBRARY if topic else ROADS)[at % 5] for at, topic in enumerate(of)]
    names = {name for (_, second), name in group_vectors(vectors, texts=texts).labels.items()}
    assert {"図書館の開館時間", "市道の舗装"} & names


def test_near_points_stand_near_on_the_map() -> None:
    vectors, of = mixture(8, 400)
    xy = group_vectors(vectors).xy
    distance = ((xy[:, None] - xy[None]) ** 2).sum(axis=2)
    nearest = np.argsort(distance, axis=1)[:, 1:6]
    assert (of[nearest] == of[:, None]).mean() > 0.95
    assert np.abs(xy).max() <= 1


def test_what_is_beyond_the_sample_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST", 600)
    vectors, of = mixture(6, 1_500)
    found = group_vectors(vectors)
    assert not lost(found, 1_500)
    assert adjusted_rand_score(of, found.topic) > 0.95


def test_texts_beyond_the_sample_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST", 10)
    texts = [text + mark for mark in ("", "お願いします。", "早く。") for text in LIBRARY + ROADS]
    found = group_texts(texts)
    assert not lost(found, 30)
    assert adjusted_rand_score([at % 10 < 5 for at in range(30)], found.topic) > 0.7


AGAIN = """
import hashlib, sys
import numpy as np
from skills.opinions.grouping import group_texts, group_vectors
from tests.opinions.consultation import opinions
texts = [row.text for row in opinions("dev")]
vectors = np.random.default_rng(1).standard_normal((900, 300)).astype(np.float32)
whole = hashlib.sha256()
for found in (group_texts(texts), group_vectors(vectors)):
    for part in (found.topic, found.subtopic, found.xy):
        whole.update(part.tobytes())
    for part in (found.labels, found.representative):
        whole.update(repr(sorted(part.items())).encode())
print(whole.hexdigest())
"""


def test_the_same_opinions_are_grouped_the_same_in_another_process() -> None:
    said = set()
    for seed, threads in (("1", "1"), ("2", "2")):
        variables = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", AGAIN],
            env={**os.environ, **variables, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(done.stdout)
    assert len(said) == 1


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["保育園"],
        ["保育園を増やして", "道路が暗い"],
        ["", " ", "\n", "　"],
        list("あいう漢字aB1"),
        ["😀", "🎉🎉", "👍", "😀👍"] * 3,
        ["保育園を増やして", "\ud800", "The park needs benches", "公園にベンチを"],
        ["保育園の待機児童が多い。" * 80_000, "道路", "図書館の開館時間", "保育園"],
    ],
    ids=["none", "empty", "one", "two", "blanks", "letters", "emoji", "mixed", "a megabyte"],
)
def test_odd_texts_are_grouped_all_the_same(texts: list[str]) -> None:
    assert not lost(group_texts(texts), len(texts))


def test_texts_that_are_all_the_same_are_one_topic() -> None:
    found = group_texts(["保育園を増やしてください。"] * 12)
    assert set(found.topic.tolist()) == {0}


def test_english_opinions_are_grouped_too() -> None:
    parks = ["The park needs benches", "Benches in the park please", "The park benches broke"]
    buses = ["The bus is late", "A night bus please", "Every bus is full"]
    topic = group_texts([*parks, *buses]).topic
    assert len(set(topic[:3].tolist())) == 1
    assert topic[0] not in topic[3:]


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (2, 5), (40, 1), (40, 8)])
def test_few_or_flat_vectors_are_taken(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    assert not lost(group_vectors(random.standard_normal(shape).astype(np.float32)), shape[0])


def test_vectors_of_nothing_but_zeros_stand_alone() -> None:
    found = group_vectors(np.zeros((200, 8), dtype=np.float32))
    assert not lost(found, 200)


def test_vectors_with_what_is_no_number_are_refused() -> None:
    vectors = np.ones((10, 4), dtype=np.float32)
    vectors[3, 2] = np.nan
    with pytest.raises(BadInput, match="finite") as refused:
        group_vectors(vectors)
    assert "数でない値" in refused.value.remedy
