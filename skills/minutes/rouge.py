"""How near a summary is to the one a person wrote; for evaluation only.

ROUGE-1 (Lin 2004) over content words in their normalised form, each counted as often as both have
it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.japanese import words


@dataclass(frozen=True, slots=True)
class Score:
    """Shares between 0 and 1; both 0 when either text has no content words."""

    recall: float
    f: float


def score(summary: str, reference: str) -> Score:
    """Compare one summary with one reference."""
    ours, theirs = Counter(words(summary)), Counter(words(reference))
    shared = (ours & theirs).total()
    if not shared:
        return Score(0.0, 0.0)
    recall, precision = shared / theirs.total(), shared / ours.total()
    return Score(recall, 2 * recall * precision / (recall + precision))
