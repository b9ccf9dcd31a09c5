"""What every reader of a layout hands over: pieces of speech in the order of the source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """Some speech by one speaker. `label` is the speaker as written; empty when not said.

    `at` is seconds from the start, or None. `starts` means a new line of the transcript even
    when the speaker goes on: the source made a paragraph of it.
    """

    text: str
    label: str = ""
    at: float | None = None
    starts: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file taken apart. Nothing is dropped: what is not speech stands in `head` or `notes`.

    `headings` are (index of the piece that follows, words of the heading). `problems` are
    sentences for a person.
    """

    pieces: tuple[Piece, ...]
    head: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    headings: tuple[tuple[int, str], ...] = ()
    problems: tuple[str, ...] = ()
