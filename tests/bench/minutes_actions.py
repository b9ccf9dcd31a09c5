"""Actions, decisions and due dates on labelled sentences: precision, recall and F1.

    python tests/bench/minutes_actions.py [--misses]

The rules were made on `dev`, which took in an earlier held-out set once its misses had been read;
`held-out` was labelled before the rules for due dates were made anew, and only its totals were
looked at. Both were written by one hand for this project, so real meetings may go worse.

Each meeting runs as one transcript, a row a line. An item is right when one of its lines is
labelled with its kind; a labelled line is found when an item of its kind names it. A due date is
right when one of its item's lines is labelled with exactly its words; `day` counts those whose day
is right too. `owner` is of the actions found. `--misses` prints the misses of dev only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from skills.minutes.content import items  # noqa: E402 (the script runs without installing)
from skills.minutes.transcript import Item, Line, Transcript  # noqa: E402

DATA = ROOT / "tests" / "minutes" / "data"
KINDS = ("action", "decision", "request", "question", "open")
Counts = dict[str, list[int]]


def meetings(split: str) -> Iterator[tuple[list[dict[str, Any]], Transcript]]:
    """Each labelled meeting with its transcript; line n is row n - 1."""
    text = (DATA / f"actions-{split}.jsonl").read_text(encoding="utf-8")
    for _, group in groupby(map(json.loads, text.splitlines()), lambda row: row["id"][:3]):
        rows = list(group)
        lines = tuple(
            Line(number, row["text"], row["speaker"], row["role"])
            for number, row in enumerate(rows, 1)
        )
        base = date.fromisoformat(rows[0]["base"]) if rows[0]["base"] else None
        speakers = tuple(dict.fromkeys(line.speaker for line in lines))
        yield rows, Transcript(rows[0]["meeting"], lines, base, speakers)


def count(split: str, *, misses: bool = False) -> Counts:
    """Per measure: right items, items, found rows, rows."""
    counts: Counts = {kind: [0, 0, 0, 0] for kind in KINDS}
    counts |= {"due": [0, 0, 0, 0], "day": [0, 0, 0, 0], "owner": [0, 0, 0, 0]}
    for rows, transcript in meetings(split):
        found = items(transcript)
        for kind in KINDS:
            _count_kind(counts[kind], rows, found, kind, misses=misses)
        _count_due(counts, rows, found, misses=misses)
        _count_owner(counts["owner"], rows, found, misses=misses)
    return counts


def f1(numbers: list[int]) -> tuple[float, float, float]:
    right, said, found, wanted = numbers
    precision, recall = right / max(said, 1), found / max(wanted, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def _count_kind(
    numbers: list[int],
    rows: list[dict[str, Any]],
    found: tuple[Item, ...],
    kind: str,
    *,
    misses: bool,
) -> None:
    said = [item for item in found if item.kind == kind]
    wanted = {number for number, row in enumerate(rows, 1) if row["kind"] == kind}
    wrong = [item for item in said if not wanted & set(item.lines)]
    missed = wanted - {number for item in said for number in item.lines}
    for index, more in enumerate(
        (len(said) - len(wrong), len(said), len(wanted - missed), len(wanted))
    ):
        numbers[index] += more
    if misses:
        for item in wrong:
            print(f"+{kind} {rows[item.lines[-1] - 1]['kind']} {item.text}")
        for number in missed:
            print(f"-{kind} {rows[number - 1]['id']} {rows[number - 1]['text']}")


def _count_due(
    counts: Counts, rows: list[dict[str, Any]], found: tuple[Item, ...], *, misses: bool
) -> None:
    said: dict[tuple[tuple[int, ...], str], str | None] = {}
    for item in found:
        if item.due:
            day = item.due.day.isoformat() if item.due.day else None
            said[item.lines, item.due.text] = day
    wanted = {
        (number, row["due_text"]): row["due"]
        for number, row in enumerate(rows, 1)
        if row["due_text"]
    }
    for name in ("due", "day"):
        right = {
            (key, (number, key[1]))
            for key, day in said.items()
            for number in key[0]
            if (number, key[1]) in wanted and (name == "due" or wanted[number, key[1]] == day)
        }
        right_items = {item for item, _ in right}
        found_rows = {row for _, row in right}
        for index, more in enumerate((len(right_items), len(said), len(found_rows), len(wanted))):
            counts[name][index] += more
        if misses:
            for lines, text in said.keys() - right_items:
                print(f"+{name} {text} {rows[lines[-1] - 1]['text']}")
            for number, text in wanted.keys() - found_rows:
                print(f"-{name} {text} {rows[number - 1]['text']}")


def _count_owner(
    numbers: list[int], rows: list[dict[str, Any]], found: tuple[Item, ...], *, misses: bool
) -> None:
    for item in found:
        row = rows[item.lines[0] - 1]
        if item.kind == "action" and row["kind"] == "action":
            right = item.owner == row["owner"]
            for index, more in enumerate((right, 1, right, 1)):
                numbers[index] += more
            if misses and not right:
                print("owner", item.owner, row["owner"], row["text"])


def main() -> None:
    show = "--misses" in sys.argv
    for split in ("dev", "held-out"):
        counts = count(split, misses=show and split == "dev")
        print(split)
        for name, numbers in counts.items():
            precision, recall, mean = f1(numbers)
            print(f"  {name:9} P {precision:.3f}  R {recall:.3f}  F1 {mean:.3f}  of {numbers[3]}")


if __name__ == "__main__":
    main()
