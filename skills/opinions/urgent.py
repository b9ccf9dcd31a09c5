"""What a person must read at once: danger to life in an opinion, whatever it is about.

A sentence with a word of danger is compared with examples of both: cries for help, threats and
hazards on one side, and policies, statistics and figures of speech with the same words on the
other (自殺対策, 爆発的). The threshold favours finding too much. This is a net under the people
who read, and does not replace them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from skills.opinions.classifier import Classifier
from skills.opinions.examples import read_examples
from skills.opinions.words import listed

NOT_URGENT = "なし"
KINDS = {
    "自傷": "自傷・自殺",
    "虐待": "虐待・暴力",
    "脅迫": "脅迫",
    "犯罪予告": "犯罪予告",
    "安全": "生命・安全",
}
# Chosen by five-fold cross-validation on the examples: see tests/bench/opinions_judgements.py.
THRESHOLD = 0.12
# Said of what is not so; a run of three characters does not reach from the word to its denial.
_DENIED = re.compile(
    r"(?:死|自殺)[^。]{0,8}(?:わけ|つもり)(?:では|など|は)?(?:ありません|ございません|ない|なく)"
)
_SENTENCE_END = re.compile(r"(?<=[。！!？?\n])")


def urgent_kinds(texts: Sequence[str]) -> list[str]:
    """For each text one of the values of KINDS, or "" when nothing in it is urgent."""
    return [kind for kind, _ in urgency(texts)]


def urgency(texts: Sequence[str]) -> list[tuple[str, float]]:
    """For each text its kind as in `urgent_kinds`, and how sure that is in 0..1 (0 without)."""
    words = danger_words()
    at, sentences = [], []
    for number, text in enumerate(texts):
        if not words.search(text):
            continue
        for sentence in _SENTENCE_END.split(text):
            if words.search(sentence) and not _DENIED.search(sentence):
                at.append(number)
                sentences.append(sentence)
    found = [""] * len(texts)
    highest = [THRESHOLD] * len(texts)
    for number, judgement in zip(at, _classifier().judge(sentences), strict=True):
        chances = dict(judgement.chances)
        chance = 1 - chances.pop(NOT_URGENT)
        if chance >= highest[number]:
            highest[number] = chance
            found[number] = KINDS[max(chances, key=lambda kind: chances[kind])]
    return [
        (kind, round(score, 4) if kind else 0.0) for kind, score in zip(found, highest, strict=True)
    ]


@cache
def danger_words() -> re.Pattern[str]:
    """Only a sentence with one of these is judged: most opinions have none."""
    return re.compile("|".join(map(re.escape, sorted(listed("danger")))))


@cache
def _classifier() -> Classifier:
    # Opinions about plans are examples of what is not urgent.
    ordinary = [(NOT_URGENT, text) for _, text in read_examples("stance")]
    return Classifier([*read_examples("urgent"), *ordinary])
