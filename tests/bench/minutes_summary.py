"""How near the rule-based summaries come to the ones people wrote, and their peers in the same run.

    python tests/bench/minutes_summary.py [dev|held-out] [--show] [--rows FILE]

Content-word ROUGE-1 recall and F over two sets written for this project, per kind of row: short
speeches (tests/minutes/data/summaries-*.jsonl) and exchanges of an assembly (assembly/*.txt). The
rules were made on `dev`; of `held-out` only the totals were looked at, three times. The limit of a
row of the assembly is half as long again as the person's summary, in whole steps: as with published
ones, a text that fills it says more than the person did. `--show` prints every dev summary;
`--rows` writes the rows of the assembly as JSON lines for `shomu eval minutes`.

Peers: the first and the last characters that the limit holds (lead, last); the best sentences by
TextRank (Mihalcea and Tarau 2004), compressed as ours are; and, knowing the person's summary, the
one sentence that scores best, compressed (oracle). Ratios are to `last`. Then how many
outputs are over the limit, do not end in 「。」, and start in the middle of a clause.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.japanese import morphemes, sentences, words
from skills.minutes.rouge import Score, score
from skills.minutes.summary import evaluate
from tests.minutes import assembly

DATA = Path(__file__).parents[1] / "minutes" / "data"
KINDS = ("single", "multi", "query")
Row = Mapping[str, Any]


def text_of(row: Row) -> str:
    return "".join(each["text"] for each in row["utterances"])


def ours(row: Row) -> str:
    return str(next(evaluate([row]))["summary"])


def lead(row: Row) -> str:
    return text_of(row)[: row["length_limit"]]


def last(row: Row) -> str:
    return text_of(row)[-row["length_limit"] :]


def text_rank(row: Row) -> str:
    """The sentences nearest to the others, the first first, until the limit is full."""
    said = sentences(text_of(row))
    bags = [set(words(each)) for each in said]
    near = [[len(a & b) / (1 + len(a) + len(b)) if a is not b else 0.0 for b in bags] for a in bags]
    sums = [sum(row_) or 1.0 for row_ in near]
    ranks = [1.0] * len(said)
    for _ in range(30):
        ranks = [
            0.15 + 0.85 * sum(ranks[b] * near[b][a] / sums[b] for b in range(len(said)))
            for a in range(len(said))
        ]
    made = ""
    for at in sorted(range(len(said)), key=lambda at: -ranks[at]):
        made += _compressed(said[at], row["length_limit"] - len(made))
    return made


def oracle(row: Row) -> str:
    made = [_compressed(each, row["length_limit"]) for each in sentences(text_of(row))]
    return max(made, key=lambda text: score(text, row["summary"]).f, default="")


def _compressed(sentence: str, limit: int) -> str:
    if limit < 10:
        return ""
    utterances = [{"line": 1, "speaker": "", "text": sentence}]
    return ours({"id": "", "utterances": utterances, "length_limit": limit})


PEERS: Mapping[str, Callable[[Row], str]] = {
    "ours": ours,
    "last": last,
    "lead": lead,
    "textrank": text_rank,
    "oracle": oracle,
}


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


def sets(split: str) -> Iterator[tuple[str, list[Row]]]:
    yield "assembly", list(assembly.rows(split))
    lines = (DATA / f"summaries-{split}.jsonl").read_text(encoding="utf-8").splitlines()
    yield "short", [json.loads(line) for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("split", nargs="?", choices=("dev", "held-out"))
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--rows", type=Path)
    options = parser.parse_args()
    for split in [options.split] if options.split else ["dev", "held-out"]:
        if options.rows:
            rows = [json.dumps(row, ensure_ascii=False) for row in assembly.rows(split)]
            options.rows.write_text("\n".join(rows) + "\n", encoding="utf-8")
            continue
        for name, rows_ in sets(split):
            print(f"{split}, {name}: " + ", ".join(_size(rows_, kind) for kind in KINDS))
            compare(rows_, show=options.show and split == "dev")


def compare(rows: list[Row], *, show: bool) -> None:
    scores: dict[str, dict[str, Score]] = {}
    for name, method in PEERS.items():
        made = [(row, method(row)) for row in rows]
        scores[name] = {kind: _mean(made, kind) for kind in KINDS}
        figures = [f"{kind} R {s.recall:.3f} F {s.f:.3f}" for kind, s in scores[name].items()]
        print(f"  {name:9} {' | '.join(figures)} | {_form(made)}")
        if show and name == "ours":
            print_each(made)
    for kind in KINDS:
        mine, theirs = scores["ours"][kind], scores["last"][kind]
        print(f"  {kind}: ours / last  R {mine.recall / theirs.recall:.2f}", end="")
        print(f"  F {mine.f / theirs.f:.2f}; of oracle F {mine.f / scores['oracle'][kind].f:.2f}")


def _mean(made: list[tuple[Row, str]], kind: str) -> Score:
    scores = [score(text, row["summary"]) for row, text in made if row["kind"] == kind]
    return Score(
        sum(each.recall for each in scores) / len(scores),
        sum(each.f for each in scores) / len(scores),
    )


def _size(rows: list[Row], kind: str) -> str:
    sizes = [len(text_of(row)) for row in rows if row["kind"] == kind]
    return f"{len(sizes)} {kind} of {min(sizes)} to {max(sizes)} characters"


def _form(made: list[tuple[Row, str]]) -> str:
    over = sum(len(text) > row["length_limit"] for row, text in made)
    unfinished = sum(not text.endswith("。") for _, text in made)
    middle = sum(starts_mid_clause(text, text_of(row)) for row, text in made)
    filled = sum(len(text) / row["length_limit"] for row, text in made) / len(made)
    return f"over {over}, no 。 {unfinished}, mid-clause {middle}, filled {filled:.2f}"


def print_each(made: list[tuple[Row, str]]) -> None:
    for row, text in made:
        found = score(text, row["summary"])
        print(
            f"  {row['id']} R {found.recall:.2f} F {found.f:.2f} {len(text)}/{row['length_limit']}"
        )
        mid = "MID " if starts_mid_clause(text, text_of(row)) else ""
        print(f"    {mid}person: {row['summary']}\n    ours:   {' / '.join(sentences(text))}")


if __name__ == "__main__":
    main()
