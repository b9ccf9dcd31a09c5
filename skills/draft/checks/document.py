"""A text as the checks see it: lines and what each is, sentences, quotes, and one form of digits.

Positions are offsets into `text`; `plain` is as long as `text`, with digits, Latin letters and
brackets of full width written in half width, so that a pattern has to know one form only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from bot.japanese import CLOSING, ENDING, OPENING
from skills.draft.checks.finding import unified

Kind = Literal["blank", "heading", "item", "table", "prose"]

_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {ord("～"): "~", ord("〜"): "~"}
_ITEM = re.compile(
    r"[ 　\t]{0,20}(?:[・●○◯■□◆◇▲▼※*＊☆★▶►‣•]|-[ 　]|[①-⑳⑴-⒇]|\d{1,2}[.)．、]"
    r"|\d{1,2}[ 　](?!\d)|[(]\d{1,2}[)]|[ア-ン][ 　.)]|[(][ア-ン][)]"
    r"|第[\d一二三四五六七八九十]{1,3}(?:条|章|節|[ 　])|>)"
)
_MARKUP = re.compile(r"[ 　\t]{0,20}#{1,6}[ 　]")
_GAPS = re.compile(r"\S(?:[ 　]{2,20}|\t)(?=\S)")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[!-~]{1,300}|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,120}"
)
_QUOTES = {"「": "」", "『": "』", "“": "”"}
LONGEST_QUOTE = 200


class Line(NamedTuple):
    """One line: its offsets in the text, its words and what it is."""

    number: int
    start: int
    end: int
    text: str
    plain: str
    kind: Kind


class Sentence(NamedTuple):
    """One sentence of a line of prose or of an item, without the spaces around it."""

    start: int
    text: str
    line: Line

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class Document:
    """A text that is checked, with \\n at the end of its lines."""

    text: str

    @classmethod
    def read(cls, text: str) -> Document:
        return cls(unified(text))

    @cached_property
    def plain(self) -> str:
        return self.text.translate(_HALF)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        found, start = [], 0
        for number, text in enumerate(self.text.split("\n"), 1):
            end = start + len(text)
            plain = self.plain[start:end]
            found.append(Line(number, start, end, text, plain, _kind(text, plain)))
            start = end + 1
        return tuple(found)

    @cached_property
    def starts(self) -> list[int]:
        return [line.start for line in self.lines]

    def line_at(self, offset: int) -> Line:
        return self.lines[bisect_right(self.starts, offset) - 1]

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of prose and items, in order; a sentence does not cross a line."""
        return tuple(
            sentence
            for line in self.lines
            if line.kind in ("prose", "item")
            for sentence in _sentences(line)
        )

    @cached_property
    def quotes(self) -> tuple[tuple[int, int], ...]:
        """Spans between 「 and 」 on one line, the marks not included."""
        found: list[tuple[int, int]] = []
        for line in self.lines:
            waiting: list[int] = []
            for at, letter in enumerate(line.text, line.start):
                if letter in _QUOTES:
                    waiting.append(at)
                elif waiting and letter == _QUOTES[self.text[waiting[-1]]]:
                    opened = waiting.pop()
                    if not waiting and at - opened <= LONGEST_QUOTE:
                        found.append((opened + 1, at))
        return tuple(found)

    @cached_property
    def addresses(self) -> tuple[tuple[int, int], ...]:
        """Spans of web and mail addresses, which no rule may touch."""
        return tuple(match.span() for match in _ADDRESS.finditer(self.text))

    def is_quoted(self, start: int, end: int) -> bool:
        return _meets(self.quotes, start, end)

    def is_address(self, start: int, end: int) -> bool:
        return _meets(self.addresses, start, end)


def _meets(spans: tuple[tuple[int, int], ...], start: int, end: int) -> bool:
    """Whether one of the spans, ascending and apart, overlaps [start, end)."""
    at = bisect_right(spans, (end - 1, float("inf")))
    return at > 0 and spans[at - 1][1] > start


def _kind(text: str, plain: str) -> Kind:
    words = text.strip()
    if not words:
        return "blank"
    if _MARKUP.match(text):
        return "heading"
    if words.startswith("|") or "\t" in words:
        return "table"
    if _ITEM.match(plain):
        return "item"
    if len(_GAPS.findall(words)) >= 2 and "。" not in words:
        return "table"
    return "prose" if "。" in words or (len(words) > 25 and "、" in words) else "heading"


def _sentences(line: Line) -> Iterator[Sentence]:
    """Cut after 。！？ outside brackets; a bracket without its partner hides nothing."""
    partners = _partners(line.text)
    start, depth = 0, 0
    for at, letter in enumerate(line.text):
        if at in partners:
            depth += 1 if letter in OPENING else -1
        elif depth == 0 and letter in ENDING and line.text[at + 1 : at + 2] not in ENDING:
            yield from _trimmed(line, start, at + 1)
            start = at + 1
    yield from _trimmed(line, start, len(line.text))


def _trimmed(line: Line, start: int, end: int) -> Iterator[Sentence]:
    words = line.text[start:end]
    left = len(words) - len(words.lstrip())
    if words.strip():
        yield Sentence(line.start + start + left, words.strip(), line)


def _partners(text: str) -> frozenset[int]:
    waiting: list[int] = []
    paired: set[int] = set()
    for at, letter in enumerate(text):
        if letter in OPENING:
            waiting.append(at)
        elif letter in CLOSING and waiting and OPENING[text[waiting[-1]]] == letter:
            paired |= {waiting.pop(), at}
    return frozenset(paired)
