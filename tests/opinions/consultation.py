"""The opinions on a fictional city's plan, and mails of campaigns made from templates.

`consultation-dev.tsv` and `consultation-held-out.tsv`: chapter, issue, opinion; 単独 marks what
belongs to no chapter. `campaigns-dev.txt` and `campaigns-held-out.txt`: each campaign's sentences,
with three ways of saying each. Rules are made with the dev halves only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
ALONE = "単独"


@dataclass(frozen=True)
class Opinion:
    chapter: str
    issue: str
    text: str


def opinions(half: str) -> list[Opinion]:
    lines = (DATA / f"consultation-{half}.tsv").read_text(encoding="utf-8").splitlines()
    return [Opinion(*line.split("\t")) for line in lines]


def truth(rows: list[Opinion], *, issues: bool = False) -> list[int]:
    """A number for each chapter, or issue; what stands alone has one of its own."""
    names: dict[str, int] = {}
    found = []
    for at, row in enumerate(rows):
        name = f"{row.chapter}/{row.issue}" if issues else row.chapter
        name = f"{ALONE}{at}" if row.chapter == ALONE else name
        found.append(names.setdefault(name, len(names)))
    return found


def mails(half: str, count: int, seed: int, *, kept: float = 0.8) -> tuple[list[str], list[int]]:
    """Mails of each campaign among independent opinions, in mixed order, and who wrote which.

    A mail takes one wording of each sentence it keeps, with the chance `kept` and two at least,
    sometimes in another order, and two in five have a line of the sender's own. The number is
    that of the campaign, -1 for independent opinions.
    """
    random = np.random.default_rng(seed)
    texts = [row.text for row in opinions(half)]
    own = texts[1::2]
    random.shuffle(own)
    texts = texts[::2]
    made = [-1] * len(texts)
    for number, sentences in enumerate(_templates(half)):
        for _ in range(count):
            chosen = [at for at in range(len(sentences)) if random.random() < kept]
            chosen = chosen if len(chosen) > 1 else [0, len(sentences) // 2]
            if random.random() < 0.3:
                random.shuffle(chosen)
            said = [sentences[at][random.integers(len(sentences[at]))] for at in chosen]
            if own and random.random() < 0.4:
                said.insert(int(random.integers(2)) * len(said), own.pop())
            texts.append("".join(said))
            made.append(number)
    order = random.permutation(len(texts))
    return [texts[at] for at in order], [made[at] for at in order]


def _templates(half: str) -> list[list[list[str]]]:
    found: list[list[list[str]]] = []
    for line in (DATA / f"campaigns-{half}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            found.append([])
        elif line:
            found[-1].append(line.split("｜"))
    return found


def pair_score(truth: list[int], found: list[int]) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs of texts said to be of one campaign; -1 is of none."""
    same = _pairs(truth)
    said = _pairs(found)
    both = int((same & said).sum())
    precision = both / max(int(said.sum()), 1)
    recall = both / max(int(same.sum()), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def _pairs(numbers: list[int]) -> np.ndarray:
    given = np.array(numbers)
    same = (given[:, None] == given) & (given[:, None] >= 0)
    return same[np.triu_indices(len(given), 1)]
