"""The word lists beside the code: `wordlists/<name>.txt`, words parted by blanks, # for remarks."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "wordlists"


def lines(name: str) -> list[list[str]]:
    """The words of each line."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def listed(name: str) -> frozenset[str]:
    """All words of a list."""
    return frozenset(word for line in lines(name) for word in line)
