"""Campaigns of template mails among independent opinions: which mails are found.

    python tests/bench/opinions_campaigns.py [dev|held-out]

Mails are made from the templates of tests/opinions/data, each sentence in one of three wordings,
some left out, some in another order, two in five with a line of the sender's own; half of the
sentences leaves two or three of five. Thresholds were made with the `dev` templates. Prints
precision, recall and F1 over pairs of mails, as medians of three draws. The peer in the same run
joins texts whose TF-IDF of character trigrams has a cosine above a threshold: the one that scores
best on the very set it is measured on, which nobody knows beforehand.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from skills.opinions.duplicates import find_duplicates, normalise  # noqa: E402
from tests.opinions.consultation import mails, opinions, pair_score  # noqa: E402

SEEDS = (11, 12, 13)


def peer(texts: list[str], truth: list[int]) -> float:
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = TfidfVectorizer(analyzer="char", ngram_range=(3, 3)).fit_transform(
        [normalise(text) for text in texts]
    )
    cosine = (rows @ rows.T).toarray()
    scores = []
    for threshold in np.arange(0.1, 0.9, 0.05):
        _, joined = connected_components(sparse.csr_matrix(cosine >= threshold))
        size = np.bincount(joined)
        scores.append(pair_score(truth, np.where(size[joined] > 2, joined, -1).tolist())[2])
    return max(scores)


def measure(half: str) -> None:
    for count, kept in ((4, 0.8), (8, 0.8), (20, 0.8), (8, 0.5), (20, 0.5), (60, 0.5), (300, 0.5)):
        found, peers = [], []
        started = time.process_time()
        drawn = [mails(half, count, seed, kept=kept) for seed in SEEDS]
        for texts, truth in drawn:
            found.append(pair_score(truth, find_duplicates(texts).campaign.tolist()))
        seconds = time.process_time() - started
        peers = [peer(texts, truth) for texts, truth in drawn]
        precision, recall, score = (statistics.median(part) for part in zip(*found, strict=True))
        print(
            f"{count:3d} mails a campaign, {kept:.0%} of the sentences: precision {precision:.3f}, "
            f"recall {recall:.3f}, F1 {score:.3f}; peer at its best threshold "
            f"{statistics.median(peers):.3f}; {seconds:.2f} CPU s",
            flush=True,
        )
    independent = find_duplicates([row.text for row in opinions(half)])
    print(
        f"independent opinions: {(independent.campaign >= 0).sum()} of "
        f"{len(independent.campaign)} said to be of a campaign"
    )


if __name__ == "__main__":
    measure("held-out" if "held-out" in sys.argv[1:] else "dev")
