"""Rules that are words or patterns: where they stand in a text, and what to write instead."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from skills.draft.checks.document import Document
from skills.draft.checks.rules import Rule


class Found(NamedTuple):
    """A place a check found, as offsets; `reason` is a sentence in place of the rule's own."""

    start: int
    end: int
    fix: str | None = None
    reason: str = ""


def find(document: Document, rule: Rule) -> Iterator[Found]:
    """Every place where the words or patterns of the rule stand and no exception does."""
    if any(word in document.text for word in rule.unless):
        return
    excepted = _spans(rule.exceptions, document.text)
    found: dict[tuple[int, int], str | None] = {}
    for start, end, fix in _places(document.text, rule):
        found.setdefault((start, end), fix)
    for (start, end), fix in sorted(found.items(), key=lambda one: one[0]):
        if start == end or "\n" in document.text[start:end]:
            continue
        if _is_inside(excepted, start, end) or document.is_address(start, end):
            continue
        if rule.quoted or not document.is_quoted(start, end):
            yield Found(start, end, fix)


def places(
    document: Document, words: tuple[str, ...], exceptions: tuple[str, ...]
) -> Iterator[tuple[int, int]]:
    """Where the words stand outside quotes, addresses and exceptions."""
    excepted = _spans(exceptions, document.text)
    for start, end in _spans(words, document.text):
        is_free = not (document.is_address(start, end) or document.is_quoted(start, end))
        if is_free and not _is_inside(excepted, start, end):
            yield start, end


def _places(text: str, rule: Rule) -> Iterator[tuple[int, int, str | None]]:
    if rule.words:
        for match in _any_of(tuple(rule.words)).finditer(text):
            yield match.start(), match.end(), rule.words[match[0]]
    for pattern in rule.patterns:
        group: int | str = "x" if "x" in pattern.find.groupindex else 0
        for match in pattern.find.finditer(text):
            start, end = match.span(group)
            fix = pattern.fix
            yield start, end, match.expand(fix) if fix and "\\" in fix else fix


@lru_cache(maxsize=256)
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """The longest of the words that stands at a place."""
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))


def _spans(words: tuple[str, ...], text: str) -> list[tuple[int, int]]:
    if not words:
        return []
    return [match.span() for match in _any_of(words).finditer(text)]


def _is_inside(spans: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether the place overlaps one of the spans, which are ascending and apart."""
    at = bisect_right(spans, (end - 1, 1 << 60))
    return at > 0 and spans[at - 1][1] > start
