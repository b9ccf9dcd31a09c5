"""Topics of opinions in Japanese, without a model: time, memory, and agreement with the truth.

    python tests/bench/opinions_texts.py [dev|held-out] [--peer] [--million]

First the hand-written consultation of a fictional city (tests/opinions/data), whose chapters are
held against the topics and whose issues against the whole paths. Rules and word lists were made
with its `dev` half in sight. Both halves were written for this project by one hand, so the words
of `skills/opinions/wordlists/fields.txt` fit them better than they will fit a real consultation.

Then sets of sentences put together from the nouns of the half's chapters and issues: 14
topics of single sentences, and 27,000 opinions. `--million` measures 1,000,000 instead. Each set
runs in a process of its own on one thread. The peer, `--peer`, is told the true number: average
linkage (k-means beyond 3,000) on word TF-IDF, by scikit-learn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bot import japanese  # noqa: E402
from tests.bench.opinions_vectors import ONE_THREAD, peak_megabytes  # noqa: E402
from tests.opinions.consultation import ALONE, Opinion, opinions, truth  # noqa: E402

# What a sentence is about: its issue, its chapter, or anything.
OF_ISSUE, OF_CHAPTER = 0.45, 0.35
SENTENCES = (
    "{0}の{1}について、{2}をもっと考えてほしい。",
    "{0}が{1}で困っています。",
    "{0}と{1}を計画に入れてください。",
    "{0}は{1}より先に進めるべきだ。",
    "{0}の{1}を見直してください。",
    "{0}に{1}が無いのはおかしいと思う。",
    "{0}を使うたび{1}が不便です。",
    "私は{0}の{1}に反対します。",
    "{0}があれば{1}も良くなるはずです。",
    "{1}のために{0}を増やしてほしいです！",
    "{0}より{1}。",
)


def nouns(text: str) -> list[str]:
    found, run = [], ""
    for unit in [*japanese.morphemes(text), None]:
        if unit is not None and unit.pos == "名詞" and unit.detail != "数詞":
            run += unit.surface
            continue
        if len(run) > 1:
            found.append(run)
        run = ""
    return found


class Words:
    """Nouns by chapter and by issue, and those that several chapters have."""

    def __init__(self, rows: list[Opinion]) -> None:
        chapters: dict[str, Counter[str]] = defaultdict(Counter)
        issues: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for row in rows:
            if row.chapter != ALONE:
                chapters[row.chapter].update(nouns(row.text))
                issues[row.chapter, row.issue].update(nouns(row.text))
        spread = Counter(noun for counted in chapters.values() for noun in counted)
        own = {noun for noun, count in spread.items() if count < 3}
        self.anything = sorted(noun for noun, count in spread.items() if count >= 3)
        self.chapter = {key: [w for w in counted if w in own] for key, counted in chapters.items()}
        self.issue = {key: [w for w in counted if w in own] for key, counted in issues.items()}


def put_together(
    count: int, chapters: int, longest: int, half: str, seed: int
) -> tuple[list[str], list[int], list[int]]:
    """Opinions of one to `longest` sentences, their chapters and their issues."""
    random = np.random.default_rng(seed)
    words = Words(opinions(half))
    names = list(words.chapter)[:chapters]
    issues = {name: [key for key in words.issue if key[0] == name] for name in names}
    numbers = {key: at for at, key in enumerate(words.issue)}
    share = random.lognormal(0, 0.6, len(names))
    texts, of_chapter, of_issue = [], [], []
    for _ in range(count):
        chapter = names[random.choice(len(names), p=share / share.sum())]
        issue = issues[chapter][int(len(issues[chapter]) * random.random() ** 1.5)]
        said = []
        for _ in range(random.integers(1, longest + 1)):
            chosen = []
            for luck in random.random(3):
                rest = words.chapter[chapter] if luck < OF_ISSUE + OF_CHAPTER else words.anything
                of = words.issue[issue] if luck < OF_ISSUE else rest
                chosen.append(of[int(len(of) * random.random() ** 2)] if of else chapter)
            said.append(SENTENCES[random.integers(len(SENTENCES))].format(*chosen))
        texts.append("".join(said))
        of_chapter.append(names.index(chapter))
        of_issue.append(numbers[issue])
    return texts, of_chapter, of_issue


def run(file: str) -> None:
    """Group a file; prints what it took, and leaves topics and paths beside it."""
    from skills.opinions.duplicates import find_duplicates
    from skills.opinions.grouping import group_texts

    texts = json.loads(Path(file).read_text(encoding="utf-8"))
    started, spent = time.perf_counter(), time.process_time()
    duplicates = find_duplicates(texts)
    folded = time.process_time() - spent
    grouping = group_texts(texts)
    seconds = time.perf_counter() - started
    np.save(file + ".npy", np.stack([grouping.topic, grouping.subtopic]))
    print(
        f"{seconds:.1f} s, {time.process_time():.1f} CPU s ({folded:.1f} for duplicates), "
        f"{peak_megabytes():.0f} MB, {(duplicates.duplicate_of >= 0).sum()} identical, "
        f"{(duplicates.campaign >= 0).sum()} in campaigns"
    )


def show(name: str, texts: list[str], chapter: list[int], issue: list[int], *, peer: bool) -> None:
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/texts.json"
        Path(file).write_text(json.dumps(texts), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, __file__, "--run", file],
            env={**os.environ, **ONE_THREAD},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        topic, second = np.load(file + ".npy")
    alone = np.where(topic < 0, topic.max() + 1 + np.arange(len(topic)), topic)
    path = alone.astype(np.int64) * 100_000 + second
    print(f"{name}: {done.stdout.strip()}")
    for level, found in (("topics", alone), ("paths", path)):
        scores = " ".join(
            f"{of} ARI {adjusted_rand_score(real, found):.3f} "
            f"AMI {adjusted_mutual_info_score(real, found):.3f}"
            for of, real in (("chapters", chapter), ("issues", issue))
        )
        numbers = len(np.unique(found)) - int((topic < 0).sum())
        print(f"    {numbers} {level}, {int((topic < 0).sum())} alone: {scores}")
    for of, real in (("chapters", chapter), ("issues", issue)) if peer else ():
        labels, cpu = told_the_number(texts, len(set(real)))
        print(
            f"    peer, told {len(set(real))} {of}: ARI {adjusted_rand_score(real, labels):.3f} "
            f"AMI {adjusted_mutual_info_score(real, labels):.3f}, {cpu:.1f} CPU s"
        )
    sys.stdout.flush()


def told_the_number(texts: list[str], count: int) -> tuple[np.ndarray, float]:
    from sklearn.cluster import AgglomerativeClustering, KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from threadpoolctl import threadpool_limits

    started = time.process_time()
    with threadpool_limits(limits=1):
        rows = TfidfVectorizer(analyzer=japanese.words, sublinear_tf=True).fit_transform(texts)
        if len(texts) <= 3_000:
            distance = 1 - (rows @ rows.T).toarray()
            model = AgglomerativeClustering(count, metric="precomputed", linkage="average")
            labels = model.fit_predict(np.maximum(distance, 0))
        else:
            points = TruncatedSVD(64, random_state=0).fit_transform(rows)
            points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
            labels = KMeans(count, n_init=1, random_state=0).fit_predict(points)
    return labels, time.process_time() - started


def measure(half: str, *, peer: bool, million: bool) -> None:
    seed = 1 if half == "dev" else 101
    if million:
        show("1,000,000 opinions", *put_together(1_000_000, 25, 4, half, seed), peer=False)
        return
    rows = opinions(half)
    texts = [row.text for row in rows]
    show("the consultation", texts, truth(rows), truth(rows, issues=True), peer=peer)
    for name, count, chapters, longest in (
        ("300 opinions", 300, 25, 4),
        ("3,000 opinions", 3_000, 25, 4),
        ("13,622 sentences of 14 topics", 13_622, 14, 2),
        ("27,000 opinions", 27_000, 25, 4),
    ):
        show(name, *put_together(count, chapters, longest, half, seed), peer=peer)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(sys.argv[2])
    else:
        measure(
            "held-out" if "held-out" in sys.argv[1:] else "dev",
            peer="--peer" in sys.argv[1:],
            million="--million" in sys.argv[1:],
        )
