"""Sentences that the judgements are learnt from: written for this project, of a fictional city.

Each line of a .tsv is a class and a sentence. To teach a judgement, add sentences of your own.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def read_examples(name: str) -> list[tuple[str, str]]:
    """(class, sentence) of every line of `<name>.tsv`."""
    lines = (_FOLDER / f"{name}.tsv").read_text("utf-8").splitlines()
    return [(label, text) for label, _, text in (line.partition("\t") for line in lines)]
