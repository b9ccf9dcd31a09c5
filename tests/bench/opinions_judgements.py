"""Stance, urgency and departments of opinions: how often right, and how often left undecided.

    python tests/bench/opinions_judgements.py

Cross-validation in five parts on the examples the skill ships is what the thresholds were chosen
by; the held-out sentences were written afterwards. The lines marked * are the thresholds in use.
All sentences have one author, and the held-out ones are closer to the examples than the mail of
a real city will be: read the cross-validation as the more honest half.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from skills.opinions import stance, urgent
from skills.opinions.classifier import Classifier
from skills.opinions.departments import Router
from skills.opinions.examples import read_examples
from tests.opinions.consultation import opinions
from tests.opinions.tables import pairs, sentences

PARTS = 5
Pairs = Sequence[tuple[str, str]]


def judged_by_others(examples: Pairs, strength: float) -> list[tuple[str, str, dict[str, float]]]:
    """(class, text, chances) of every example, judged by what the other four parts teach."""
    order = np.random.default_rng(0).permutation(len(examples))
    found = []
    for part in range(PARTS):
        left = set(order[part::PARTS].tolist())
        learnt = Classifier(
            [pair for at, pair in enumerate(examples) if at not in left], strength=strength
        )
        out = [examples[at] for at in sorted(left)]
        judgements = learnt.judge([text for _, text in out])
        found += [(*pair, item.chances) for pair, item in zip(out, judgements, strict=True)]
    return found


def show_stance() -> None:
    print("stance, cross-validation: threshold, decided, right where decided")
    judged = judged_by_others(read_examples("stance"), stance.STRENGTH)
    for threshold in (0.4, 0.5, stance.THRESHOLD, 0.7):
        decided = [
            (label, best)
            for label, _, chances in judged
            if (best := max(chances, key=lambda name: chances[name])) != "不明"
            and chances[best] >= threshold
        ]
        right = np.mean([label == best for label, best in decided])
        mark = "*" if threshold == stance.THRESHOLD else " "
        print(f" {mark} {threshold:.2f}  {len(decided) / len(judged):.2f}  {right:.3f}")
    held_out = sentences("stance-held-out")
    taken = stance.stances([text for _, text in held_out])
    pairs_ = [(label, own) for (label, _), own in zip(held_out, taken, strict=True) if own]
    right = np.mean([label == own for label, own in pairs_])
    print(f"stance, held out: decided {len(pairs_) / len(held_out):.2f}, right {right:.3f}")


def show_urgent() -> None:
    print("urgent, cross-validation: threshold, recall, precision, flagged of plan opinions")
    urgent_examples = read_examples("urgent")
    ordinary = [(urgent.NOT_URGENT, text) for _, text in read_examples("stance")]
    known = {text for _, text in urgent_examples}
    words = urgent.danger_words()
    judged = [
        (
            label != urgent.NOT_URGENT,
            text in known,
            1 - chances[urgent.NOT_URGENT] if words.search(text) else 0.0,
        )
        for label, text, chances in judged_by_others([*urgent_examples, *ordinary], 20.0)
    ]
    for threshold in (0.08, urgent.THRESHOLD, 0.2, 0.4):
        hits = [(real, hard) for real, hard, chance in judged if chance >= threshold]
        found = sum(real for real, _ in hits)
        recall = found / sum(real for real, _, _ in judged)
        precision = found / sum(hard for _, hard in hits)
        plain = sum(not hard for _, hard in hits) / len(ordinary)
        mark = "*" if threshold == urgent.THRESHOLD else " "
        print(f" {mark} {threshold:.2f}  {recall:.3f}  {precision:.3f}  {plain:.3f}")
    held_out = sentences("urgent-held-out")
    kinds = urgent.urgent_kinds([text for _, text in held_out])
    told = [(label != "なし", bool(kind)) for (label, _), kind in zip(held_out, kinds, strict=True)]
    found = told.count((True, True))
    recall = found / (found + told.count((True, False)))
    precision = found / (found + told.count((False, True)))
    print(f"urgent, held out: recall {recall:.3f}, precision {precision:.3f}")
    complaints = [text for text, _ in pairs("past-held-out")]
    on_a_plan = [opinion.text for opinion in opinions("held-out")]
    # A few of these are real: a wall about to fall, a slope that slides.
    for what, texts in (("everyday complaints", complaints), ("opinions on a plan", on_a_plan)):
        flagged = sum(map(bool, urgent.urgent_kinds(texts))) / len(texts)
        print(f"urgent, flagged of {len(texts)} {what}: {flagged:.3f}")


def show_departments() -> None:
    router = Router(pairs("past"), dict(pairs("duties")))
    asked = [(text, name) for text, name in pairs("past-held-out") if name]
    named = [[found.name for found in router.route(text)[0]] for text, _ in asked]
    both = list(zip(named, (name for _, name in asked), strict=True))
    first = np.mean([names[:1] == [name] for names, name in both])
    third = np.mean([name in names for names, name in both])
    silent = np.mean([not names for names in named])
    print(
        f"departments of 16, held out: first {first:.3f}, of three {third:.3f}, none {silent:.3f}"
    )


def main() -> None:
    started = time.process_time()
    Classifier(read_examples("stance"))
    seconds = time.process_time() - started
    print(f"learning from {len(read_examples('stance'))} examples: {seconds:.2f} CPU s")
    show_stance()
    show_urgent()
    show_departments()


if __name__ == "__main__":
    main()
