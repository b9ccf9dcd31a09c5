"""Planted errors: precision, recall and F1 of `shomu check`, and what it says of clean documents.

    python tests/bench/draft_checks.py [--misses]

The documents and their errors were written for this project by one hand; those held out were
written before the rules, and only their totals were looked at. A finding is right when it stands
on the line of a planted error, overlaps it and is of its rule or of a rule of the same group.
`--misses` prints what went wrong in dev only, `--dev` leaves out what is held out. The last lines
are CPU times: of 50,000 characters, and of the slowest rule on hostile lines of 20,000.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from skills.draft.checks import CHECKS, Finding, check, load_rules, wording  # noqa: E402
from skills.draft.checks.document import Document  # noqa: E402 (the script runs uninstalled)

DATA = ROOT / "tests" / "draft" / "data" / "checks"
GROUPS = {rule.id: rule.group for rule in load_rules()}
Planted = dict[str, Any]
HOSTILE = (
    "市の", "御一", "a@", "１", "1,", "1-", "令和8年", "令和8年度（", "4月1日（水）から",
    "午後3時から", "（", "」", "、", "たり、", "ですが、", "約1", "目的は", "ァ", "条例は",
    "第1条　", "ますます", "並びに", "㈱", "様　", "　", "お漢かな", "090-1234-",
)  # fmt: skip


def documents(split: str) -> dict[str, str]:
    return {
        path.name: path.read_text(encoding="utf-8") for path in sorted((DATA / split).iterdir())
    }


def planted(split: str) -> dict[str, list[Planted]]:
    """The planted errors by file."""
    errors: dict[str, list[Planted]] = {}
    for line in (DATA / f"{split}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        errors.setdefault(row["file"], []).append(row)
    return errors


def is_right(finding: Finding, error: Planted) -> bool:
    if finding.line != error["line"]:
        return False
    starts = finding.column < error["column"] + len(error["text"])
    ends = error["column"] < finding.column + len(finding.text)
    same = finding.rule == error["rule"] or GROUPS[finding.rule] == GROUPS[error["rule"]]
    return starts and ends and same


def score(split: str, *, misses: bool = False) -> tuple[Counter[str], Counter[str]]:
    """Counts by rule and kind: (found, wanted) of planted errors, (right, said) of findings."""
    recall: Counter[str] = Counter()
    precision: Counter[str] = Counter()
    errors = planted(split)
    for name, text in documents(split).items():
        found, wanted = check(text), errors.get(name, [])
        for error in wanted:
            hit = any(is_right(finding, error) for finding in found)
            recall[f"{error['rule']} wanted"] += 1
            recall[f"{error['rule']} found"] += hit
            if misses and not hit:
                print(f"- {name}:{error['line']} {error['rule']} {error['text']}")
        for finding in found:
            right = any(is_right(finding, error) for error in wanted)
            precision[f"{finding.rule} said"] += 1
            precision[f"{finding.rule} right"] += right
            if misses and not right:
                print(f"+ {name}:{finding.line} {finding.rule} {finding.text} {finding.message}")
    return recall, precision


def total(counts: Counter[str], kind: str) -> int:
    return sum(count for name, count in counts.items() if name.endswith(f" {kind}"))


def report(split: str, recall: Counter[str], precision: Counter[str], *, by_rule: bool) -> None:
    if by_rule:
        for rule in sorted(GROUPS):
            wanted, said = recall[f"{rule} wanted"], precision[f"{rule} said"]
            if wanted or said:
                print(
                    f"  {rule:20} found {recall[f'{rule} found']:3}/{wanted:3}"
                    f"   right {precision[f'{rule} right']:3}/{said:3}"
                )
    found, wanted = total(recall, "found"), total(recall, "wanted")
    right, said = total(precision, "right"), total(precision, "said")
    p, r = right / max(said, 1), found / max(wanted, 1)
    f1 = 2 * p * r / max(p + r, 1e-9)
    rules = sum(1 for name in recall if name.endswith(" wanted"))
    print(f"{split}: P {p:.3f} ({right}/{said})  R {r:.3f} ({found}/{wanted})  F1 {f1:.3f}"
          f"  {rules} rules")  # fmt: skip


def main() -> None:
    misses = "--misses" in sys.argv
    for split in ("dev", "held-out"):
        show = misses and split == "dev"
        if split == "held-out" and "--dev" in sys.argv:
            continue
        recall, precision = score(split, misses=show)
        report(split, recall, precision, by_rule=split == "dev")
    for split in ("clean-dev", "clean-held-out"):
        if split == "clean-held-out" and "--dev" in sys.argv:
            continue
        found = {name: check(text) for name, text in documents(split).items()}
        print(f"{split}: {sum(map(len, found.values()))} findings in {len(found)} documents")
        if misses and split == "clean-dev":
            for name, findings in found.items():
                for finding in findings:
                    print(f"+ {name}:{finding.line} {finding.rule} {finding.text}")
    text = "\n".join(documents("clean-dev").values())
    text = (text * (50_000 // len(text) + 1))[:50_000]
    started = time.process_time()
    check(text)
    print(f"50,000 characters: {time.process_time() - started:.2f} s of CPU (limit 3 s)")
    seconds, rule, unit = slowest()
    print(f"slowest on 20,000 hostile characters: {rule} on 「{unit}」 {seconds * 1000:.0f} ms"
          " of CPU (limit 50 ms)")  # fmt: skip


def slowest() -> tuple[float, str, str]:
    """The rule that takes longest on one line that repeats something, the best of three."""
    worst = (0.0, "", "")
    for unit in HOSTILE:
        document = Document.read((unit * (20_000 // len(unit) + 1))[:20_000] + "図ります。")
        for rule in load_rules():
            times = []
            for _ in range(3):
                started = time.process_time()
                list(wording.find(document, rule))
                if rule.check:
                    list(CHECKS[rule.check](document, rule))
                times.append(time.process_time() - started)
            worst = max(worst, (min(times), rule.id, unit))
    return worst


if __name__ == "__main__":
    main()
