"""Search quality on a BEIR folder, beside character-bigram BM25 alone in the same run.

    python tests/bench/search_jsquad.py FOLDER

Prints both and their ratio. On JSQuAD dev (2,304 paragraphs, 1,000 questions) ours must reach
nDCG@10 0.94. Plain bigrams are strong there, because its questions were written by people who
were looking at the paragraph; they are weak on the questions of real offices.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.services.manuals import library, question, search
from bot.services.manuals.evaluation import evaluate

TARGET = 0.94


def bigrams(text: str) -> list[str]:
    """What a search without a dictionary does: every pair of characters."""
    letters = "".join(text.split()).lower()
    return [letters[at : at + 2] for at in range(len(letters) - 1)]


def nothing(_text: str) -> list[str]:
    return []


async def measure(words: Callable[[str], list[str]] | None, folder: Path) -> dict[str, float]:
    if words is None:
        return await evaluate(folder)
    with (
        patch.object(library, "words", words),
        patch.object(library, "grams", nothing),
        patch.object(search, "words", words),
        patch.object(search, "grams", nothing),
        patch.object(question, "words", words),
        patch.object(question, "grams", nothing),
        patch.object(question, "meant_by", lambda _text: {}),
    ):
        return await evaluate(folder)


async def main(folder: Path) -> int:
    ours = await measure(None, folder)
    plain = await measure(bigrams, folder)
    print(json.dumps({"ours": ours, "character bigrams": plain}, ensure_ascii=False, indent=1))
    print(f"nDCG@10 ratio {ours['nDCG@10'] / plain['nDCG@10']:.3f}")
    print(f"MRR@10 ratio {ours['MRR@10'] / plain['MRR@10']:.3f}")
    print(f"nDCG@10 {ours['nDCG@10']} against the target {TARGET}")
    return 0 if ours["nDCG@10"] >= TARGET else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/bench/search_jsquad.py FOLDER")
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
