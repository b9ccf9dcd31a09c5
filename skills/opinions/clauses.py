"""The clauses of a draft plan, and which of them an opinion is about.

What the writer names (第3章) decides; else the words they share, and below a threshold nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from skills.opinions.model import Candidate, Clause
from skills.opinions.similarity import Profiles

LOWEST = 0.12
_LONGEST_HEADING = 60
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_NUMBER = "[0-9一二三四五六七八九十]{1,4}"
_HEADINGS = (
    re.compile(rf"第{_NUMBER}[編部]|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]"),
    re.compile(rf"第{_NUMBER}章|# "),
    re.compile(rf"第{_NUMBER}節|基本(?:目標|方針|施策|方向){_NUMBER}|## "),
    re.compile(
        rf"第{_NUMBER}条|施策{_NUMBER}|#{{3,6}} |[0-9]{{1,2}}(?:[-.][0-9]{{1,2}}){{0,2}}[. ]"
    ),
    re.compile(rf"\({_NUMBER}\)|【[^】]{{1,40}}】$"),
)
_CONTENTS = re.compile(r"[.…・‥\s]{3,}[0-9]{1,4}$")
_MENTION = re.compile(
    rf"第{_NUMBER}[章節条編部]|(?:基本(?:目標|方針|施策|方向)|施策){_NUMBER}(?:-{_NUMBER})?"
)


def read_clauses(text: str) -> tuple[Clause, ...]:
    """Cut a plan, given as lines, at its headings. A plan without headings has no clause."""
    path: list[tuple[int, str]] = []
    found: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        plain = unicodedata.normalize("NFKC", line).strip()
        if not plain or _CONTENTS.search(plain):
            continue
        level = _level(plain)
        if level is None:
            if found:
                found[-1][1].append(plain)
            continue
        path = [item for item in path if item[0] < level]
        path.append((level, plain.lstrip("# ")))
        found.append(([name for _, name in path], []))
    found = _without_title(found)
    kept: dict[str, list[str]] = {}
    for names, lines in found:
        kept.setdefault(" ＞ ".join(names[-2:]), []).extend(lines)
    return tuple(Clause(name, "\n".join(lines)) for name, lines in kept.items())


class Mapping:
    """Finds the clause of an opinion."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        # The heading says in a few words what its text is about.
        self._profiles = Profiles(
            [
                (clause.name, f"{clause.name}\n{clause.name}\n{clause.text}", 1.0)
                for clause in clauses
            ]
        )
        self._marks = [
            (clause.name, clause.name.split(" ＞ ")[-1].translate(_DIGITS)) for clause in clauses
        ]

    def clause(self, text: str, section: str = "") -> Candidate | None:
        """The clause of a text; `section` is what a form asked for as 該当箇所."""
        named = self._named(section) or self._named(text)
        if named:
            return Candidate(named, 1.0, "該当箇所の記載")
        near = self._profiles.nearest(f"{section}\n{text}", top=1) if self._profiles else []
        if not near or near[0].score < LOWEST:
            return None
        return Candidate(near[0].name, round(near[0].score, 3), "・".join(near[0].shared))

    def _named(self, text: str) -> str:
        """The last clause named, the deepest: 第3章の第2節 is the second."""
        mentions = _MENTION.findall(unicodedata.normalize("NFKC", text))
        for mention in reversed(mentions):
            mark = mention.translate(_DIGITS)
            for name, heading in self._marks:
                if re.match(rf"{re.escape(mark)}(?![0-9-])", heading):
                    return name
        return ""


def _without_title(
    found: list[tuple[list[str], list[str]]],
) -> list[tuple[list[str], list[str]]]:
    """A first heading over all others, with no text of its own, names the plan."""
    title = found[0][0][0] if found else ""
    if len(found) > 1 and not found[0][1] and all(names[0] == title for names, _ in found):
        return [(names[1:], lines) for names, lines in found[1:]]
    return found


def _level(line: str) -> int | None:
    if len(line) > _LONGEST_HEADING or line.endswith(("。", "、", ",")):
        return None
    return next((at for at, pattern in enumerate(_HEADINGS) if pattern.match(line)), None)
