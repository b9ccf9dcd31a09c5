"""What the rules of official writing say about a draft; the kind's `checks` say which groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot import BadInput
from skills.draft.checks import Finding, check, load_rules
from skills.draft.drafting import Draft

# Between the cells of a row, and between the paragraphs of a cell, in the text of a draft.
_CELLS = re.compile("[｜／]")


def findings(draft: Draft, own: Path) -> list[Finding]:
    """Every finding in a draft, in order; lines and columns are those of its text.

    Raises BadInput when the workspace's rules cannot be read or a kind names no group of them.
    """
    rules = load_rules(own)
    groups = sorted({rule.group for rule in rules if rule.group})
    unknown = [name for name in draft.kind.checks if name not in groups]
    if unknown:
        raise BadInput(
            "checks",
            remedy=f"「{draft.kind.name}」の checks に、ない分類があります：{'、'.join(unknown)}。"
            f"使えるのは {'、'.join(groups)} です。",
        )
    wanted = draft.kind.checks or groups
    places = _places(draft.text)
    found = check(_CELLS.sub("\n", draft.text), [rule for rule in rules if rule.group in wanted])
    return [
        replace(one, line=places[one.line - 1][0], column=places[one.line - 1][1] + one.column)
        for one in found
    ]


def _places(text: str) -> list[tuple[int, int]]:
    """(line, columns before it) of each part of a text that is checked as a line of its own."""
    return [
        (number, start)
        for number, line in enumerate(text.split("\n"), 1)
        for start in (0, *(match.end() for match in _CELLS.finditer(line)))
    ]


def lines(found: Sequence[Finding], most: int) -> list[str]:
    """Findings as people read them, at most so many."""
    told = [
        f"- 「{one.text}」{f' → 「{one.fix}」' if one.fix else ''}　{one.message}"
        for one in found[:most]
    ]
    return [*told, f"ほか{len(found) - most}か所"] if len(found) > most else told
