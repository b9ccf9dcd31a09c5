"""Topics of 27,000 vectors: time, memory, and agreement with the truth nobody told the program.

    python tests/bench/opinions_vectors.py [dev|held-out] [--peer]

Draws sets of 1,536 dimensions with topics of uneven size: apart in all directions, or overlapping
in few directions as embeddings do, with topics under wider themes, of uneven width, or with
outliers. The rule that chooses the number of topics was made on the `dev` seeds. Each set runs in
a process of its own on one thread; a second one must say the same. The peer, `--peer`, is
scikit-learn told the true number: 900 k-means centres joined by Ward's method, on the same points.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SIZE, WIDTH = 27_000, 1_536


@dataclass(frozen=True)
class Case:
    """`directions`: topics differ in so many, 0 for all; `themes`: topics of one are near."""

    name: str
    topics: int
    noise: float
    directions: int = 0
    themes: int = 0
    uneven: float = 0.8
    widths: float = 0.0
    outliers: float = 0.0
    size: int = SIZE


CASES = (
    Case("apart, 144 topics", 144, 2.0),
    Case("wide, 144 topics", 144, 3.0),
    Case("overlapping, 144 topics", 144, 1.0, directions=30),
    Case("under 12 themes, 144 topics", 144, 0.85, directions=30, themes=12),
    Case("uneven widths, 5% outliers", 144, 2.0, widths=0.3, outliers=0.05),
    Case("20 topics", 20, 1.0, directions=12),
    Case("400 topics", 400, 0.8, directions=60),
    Case("2,000 vectors, 40 topics", 40, 0.9, directions=20, size=2_000),
)
SEEDS = {"dev": (1,), "held-out": (101, 102)}


def draw(case: Case, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    share = random.lognormal(0, case.uneven, case.topics)
    truth = random.choice(case.topics, case.size, p=share / share.sum())
    inner = case.directions or WIDTH
    centres = random.standard_normal((case.topics, inner))
    if case.themes:
        themes = random.standard_normal((case.themes, inner))
        centres = 0.8 * centres + themes[np.arange(case.topics) % case.themes]
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    width = np.maximum(0.3, 1 + case.widths * random.standard_normal(case.topics))
    noise = random.standard_normal((case.size, inner), dtype=np.float32) / np.sqrt(inner)
    drawn = centres.astype(np.float32)[truth] + (case.noise * width)[truth][:, None] * noise
    if case.directions:
        turn = np.linalg.qr(random.standard_normal((WIDTH, inner)))[0]
        around = random.standard_normal((case.size, WIDTH), dtype=np.float32) / np.sqrt(WIDTH)
        drawn = drawn @ turn.T + 0.3 * around
    lost = random.random(case.size) < case.outliers
    drawn[lost] = random.standard_normal((int(lost.sum()), WIDTH))
    # An outlier belongs to no topic: it is a topic of its own.
    truth[lost] = case.topics + np.arange(lost.sum())
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32), truth


def run(file: str) -> None:
    """Group a file; prints seconds, CPU seconds, peak MB and the digest of all that came out."""
    started = time.perf_counter()
    from skills.opinions.grouping import group_vectors

    grouping = group_vectors(np.load(file))
    seconds = time.perf_counter() - started
    np.save(file + ".topics.npy", grouping.topic)
    whole = grouping.topic.tobytes() + grouping.xy.tobytes()
    digest = hashlib.sha256(whole).hexdigest()[:12]
    print(f"{seconds:.1f} {time.process_time():.1f} {peak_megabytes():.0f} {digest}")


def peak_megabytes() -> float:
    """Of this program alone: the peak of getrusage is at least that of the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def peer(vectors: NDArray[np.float32], topics: int) -> tuple[NDArray[np.int64], float]:
    from sklearn.cluster import AgglomerativeClustering, KMeans
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    started = time.process_time()
    with threadpool_limits(limits=1):
        points = PCA(128, svd_solver="randomized", random_state=0).fit_transform(vectors)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        fine = KMeans(min(900, len(points) // 4), n_init=1, random_state=0).fit(points)
        joined = AgglomerativeClustering(topics).fit_predict(fine.cluster_centers_)
    return joined[fine.labels_], time.process_time() - started


def measure(split: str, *, with_peer: bool) -> None:
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    for case in CASES:
        for seed in SEEDS[split]:
            vectors, truth = draw(case, seed)
            with tempfile.TemporaryDirectory() as folder:
                file = f"{folder}/vectors.npy"
                np.save(file, vectors)
                command = [sys.executable, __file__, "--run", file]
                environment = {**os.environ, "PYTHONPATH": str(ROOT), **ONE_THREAD}
                first, second = (
                    subprocess.run(
                        command, env=environment, capture_output=True, text=True, check=True
                    ).stdout.split()
                    for _ in range(2)
                )
                topics = np.load(file + ".topics.npy")
            alone = np.where(topics < 0, topics.max() + 1 + np.arange(len(topics)), topics)
            print(
                f"{case.name:28s} seed {seed:3d}: {first[0]} s, {first[1]} CPU s, {first[2]} MB, "
                f"{topics.max() + 1} topics, ARI {adjusted_rand_score(truth, alone):.3f}, "
                f"AMI {adjusted_mutual_info_score(truth, alone):.3f}, "
                f"{'the same again' if first[3] == second[3] else 'NOT THE SAME AGAIN'}",
                flush=True,
            )
            if with_peer:
                labels, seconds = peer(vectors, case.topics)
                print(
                    f"{'  peer, told the number':28s}        : {seconds:.1f} CPU s, "
                    f"ARI {adjusted_rand_score(truth, labels):.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(sys.argv[2])
    else:
        measure(
            "held-out" if "held-out" in sys.argv[1:] else "dev", with_peer="--peer" in sys.argv[1:]
        )
