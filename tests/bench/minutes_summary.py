"""How near the rule-based summaries come to the ones people wrote, and their peers in the same run.

    python tests/bench/minutes_summary.py [dev|held-out] [--show]

Content-word ROUGE-1 recall and F over `tests/minutes/data/summaries-*.jsonl`, per kind of row, for
ours, the first L characters (Lead) and the last L characters; then the shares of outputs over the
limit, not ending in 「。」, and starting in the middle of a clause. The rules were made on `dev`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.japanese import morphemes, sentences
from skills.minutes.rouge import score
from skills.minutes.summary import evaluate

DATA = Path(__file__).parents[1] / "minutes" / "data"
Row = Mapping[str, Any]


def text_of(row: Row) -> str:
    return "".join(each["text"] for each in row["utterances"])


def ours(row: Row) -> str:
    return str(next(evaluate([row]))["summary"])


def lead(row: Row) -> str:
    return text_of(row)[: row["length_limit"]]


def last(row: Row) -> str:
    return text_of(row)[-row["length_limit"] :]


def starts_mid_clause(summary: str, source: str) -> bool:
    """A particle, an auxiliary or an inflected rest at the start, or words cut out of a clause."""
    first = morphemes(summary)[:1]
    if first and (
        first[0].pos in ("助詞", "助動詞", "接尾辞", "補助記号")
        or (first[0].pos == "動詞" and first[0].detail == "非自立可能")
    ):
        return True
    head = re.escape(summary[:6])
    found = [source[each.start() - 1 : each.start()] for each in re.finditer(head, source)]
    return bool(found) and not any(before in ("", "。", "、", "」", "\n") for before in found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("split", nargs="?", choices=("dev", "held-out"))
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    methods: dict[str, Callable[[Row], str]] = {"ours": ours, "lead": lead, "last": last}
    for split in [options.split] if options.split else ["dev", "held-out"]:
        lines = (DATA / f"summaries-{split}.jsonl").read_text(encoding="utf-8").splitlines()
        rows: list[Row] = [json.loads(line) for line in lines]
        for name, method in methods.items():
            made = [(row, method(row)) for row in rows]
            report(f"{split:8} {name:5}", made)
            if options.show and name == "ours":
                show(made)


def report(label: str, made: list[tuple[Row, str]]) -> None:
    figures = []
    for kind in ("single", "multi", "query"):
        scores = [score(text, row["summary"]) for row, text in made if row["kind"] == kind]
        recall = sum(each.recall for each in scores) / len(scores)
        f = sum(each.f for each in scores) / len(scores)
        figures.append(f"{kind} R {recall:.3f} F {f:.3f}")
    over = sum(len(text) > row["length_limit"] for row, text in made)
    unfinished = sum(not text.endswith("。") for _, text in made)
    middle = sum(starts_mid_clause(text, text_of(row)) for row, text in made)
    filled = sum(len(text) / row["length_limit"] for row, text in made) / len(made)
    print(
        f"{label} {' | '.join(figures)} | n {len(made)} over {over} "
        f"no 。 {unfinished} mid-clause {middle} filled {filled:.2f}"
    )


def show(made: list[tuple[Row, str]]) -> None:
    for row, text in made:
        found = score(text, row["summary"])
        print(
            f"  {row['id']} R {found.recall:.2f} F {found.f:.2f} {len(text)}/{row['length_limit']}"
        )
        mid = "MID " if starts_mid_clause(text, text_of(row)) else ""
        print(f"    {mid}person: {row['summary']}\n    ours:   {' / '.join(sentences(text))}")


if __name__ == "__main__":
    main()
