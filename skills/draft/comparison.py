"""新旧対照表: the new text beside the old one, what changed underlined.

Two columns on A4 landscape, 新 on the left and 旧 on the right as ordinances are compared; runs of
lines that stayed the same are 「（略）」.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from skills.draft import word
from skills.draft.word import Part

NEW, OLD = "新", "旧"
# Between the cells of a row that is compared as one line.
CELLS = " ｜ "
MOST_CHAT_LINES = 30
# Figures, words of one script and single marks: what is underlined is never half a number.
_TOKEN = re.compile(r"[0-9０-９,，.]+|[一-龥々]+|[ぁ-ん]+|[ァ-ヶー]+|[A-Za-zＡ-Ｚａ-ｚ]+|\s+|.")


@dataclass(frozen=True, slots=True)
class Change:
    """One line that changed: parts of (text, is changed); an empty side was added or dropped."""

    new: tuple[Part, ...]
    old: tuple[Part, ...]


def compare(old: Sequence[str], new: Sequence[str]) -> list[Change | None]:
    """The changed lines in order; None stands for a run of lines that are the same."""
    old = [line for line in old if line.strip()]
    new = [line for line in new if line.strip()]
    found: list[Change | None] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for what, first, last, new_first, new_last in matcher.get_opcodes():
        if what == "equal":
            found.append(None)
            continue
        before, after = old[first:last], new[new_first:new_last]
        for at in range(max(len(before), len(after))):
            found.append(
                _change(
                    before[at] if at < len(before) else "",
                    after[at] if at < len(after) else "",
                )
            )
    return found


def as_lines(changes: Sequence[Change | None]) -> str:
    """The table as lines of a chat: 「- 旧 → 新」 with what changed in bold."""
    told = [change for change in changes if change is not None]
    shown = [
        f"- 旧：{_marked(change.old)}\n- 新：{_marked(change.new)}"
        for change in told[:MOST_CHAT_LINES]
    ]
    left = len(told) - len(shown)
    return "\n".join(
        [*shown, *([f"ほか{left}か所は、添付の新旧対照表にあります。"] if left else [])]
    )


def as_docx(changes: Sequence[Change | None], title: str) -> bytes:
    """The table as a Word document, new on the left as ordinances are compared."""
    rows = [(change.new, change.old) if change else None for change in changes]
    return word.side_by_side(f"{title}　新旧対照表", (NEW, OLD), rows)


def _change(old: str, new: str) -> Change:
    before, after = old.split(CELLS), new.split(CELLS)
    if len(before) != len(after):
        before, after = [old], [new]
    old_parts: list[Part] = []
    new_parts: list[Part] = []
    # Cell by cell: a row of years that moved by one would else look like one dropped, one added.
    for number, (old_cell, new_cell) in enumerate(zip(before, after, strict=True)):
        for parts, found in zip((old_parts, new_parts), _differ(old_cell, new_cell), strict=True):
            parts += [(CELLS, False)] if number else []
            parts += found
    return Change(tuple(new_parts), tuple(old_parts))


def _differ(old: str, new: str) -> tuple[list[Part], list[Part]]:
    """The parts of both texts, those that are not in the other marked."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    old_parts: list[Part] = []
    new_parts: list[Part] = []
    for what, first, last, new_first, new_last in matcher.get_opcodes():
        old_parts.append(("".join(before[first:last]), what != "equal"))
        new_parts.append(("".join(after[new_first:new_last]), what != "equal"))
    return [part for part in old_parts if part[0]], [part for part in new_parts if part[0]]


def _marked(parts: Sequence[Part]) -> str:
    shown = "".join(
        f"**{text.strip()}**" if is_new and text.strip() else text for text, is_new in parts
    )
    return " ".join(shown.split()) or "（なし）"
