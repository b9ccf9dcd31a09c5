"""How well the roll-forward finds what goes stale: `python -m tests.bench.draft_roll [--heldout]`.

A planted item counts as found when reported spans cover at least half of its letters; a reported
item is false when less than half of its letters were planted. The dev half is shown by kind with
every miss; of the held-out half only the totals. Suggestions are compared to the letter, except
dates, for which several days may be right.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from bot import BadInput
from skills.draft import roll
from skills.draft.stale import Stale, years
from tests.draft.planted import Mark, Sample, samples


def covered(start: int, end: int, spans: list[tuple[int, int]]) -> float:
    """The share of the letters start to end that the spans hold."""
    letters = {at for first, last in spans for at in range(max(first, start), min(last, end))}
    return len(letters) / max(end - start, 1)


def judge(sample: Sample) -> tuple[list[Mark], list[Mark], list[Stale], list[tuple[Mark, Stale]]]:
    """Found, missed, falsely reported, and found ones with another suggestion than planted."""
    document = sample.document
    assert [line.text for line in document.lines] == list(sample.lines)
    try:
        stale = roll.find_stale(document, years.parse(sample.new), sample.roster, sample.provisions)
    except BadInput:
        stale = ()  # a document that is refused counts as missed as a whole
    found, missed, differing = [], [], []
    for index, mark in sample.marks:
        if not mark.is_stale:
            continue
        here = [one for one in stale if one.index == index]
        is_found = covered(mark.start, mark.end, [(one.start, one.end) for one in here]) >= 0.5
        (found if is_found else missed).append(mark)
        same = [one for one in here if one.start < mark.end and mark.start < one.end]
        if is_found and mark.suggestion and mark.kind != "日付":
            differing += [(mark, one) for one in same if one.suggestion != mark.suggestion]
    false = [
        one
        for one in stale
        if covered(
            one.start,
            one.end,
            [
                (mark.start, mark.end)
                for at, mark in sample.marks
                if at == one.index and mark.is_stale
            ],
        )
        < 0.5
    ]
    return found, missed, false, differing


def main() -> None:
    half = "heldout" if "--heldout" in sys.argv else "dev"
    found: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    false: Counter[str] = Counter()
    differing = planned = tempting = 0
    began = time.process_time()
    for sample in samples(half):
        hits, misses, wrong, others = judge(sample)
        found.update(mark.kind for mark in hits)
        missed.update(mark.kind for mark in misses)
        false.update(one.kind for one in wrong)
        differing += len(others)
        planned += sum(bool(mark.suggestion) and mark.kind != "日付" for mark in hits)
        tempting += sum(not mark.is_stale for _, mark in sample.marks)
        if half == "dev":
            for mark in misses:
                print(f"- missed {sample.name} {mark.kind}「{mark.text}」 in {mark.line[:60]}")
            for one in wrong:
                line = sample.lines[one.index][:60]
                print(f"+ false  {sample.name} {one.kind}「{one.text}」 {one.place}: {line}")
            for mark, one in others:
                moved = f"{mark.text} → {mark.suggestion}, not {one.suggestion}"
                print(f"~ other  {sample.name} {moved}（{one.reason}）")
    seconds = time.process_time() - began
    if half == "dev":
        for kind in sorted({*found, *missed, *false}):
            print(f"{kind}: found {found[kind]}, missed {missed[kind]}, false {false[kind]}")
    hits, misses, wrong_count = found.total(), missed.total(), false.total()
    print(
        f"{half}: recall {hits}/{hits + misses} = {hits / (hits + misses):.3f}, "
        f"false {wrong_count}/{hits + wrong_count} = {wrong_count / (hits + wrong_count):.3f}, "
        f"{tempting} tempting, other suggestions {differing}/{planned}, {seconds:.1f} s CPU"
    )


if __name__ == "__main__":
    main()
