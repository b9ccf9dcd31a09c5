"""Which department an opinion goes to: learnt from past assignments and the table of duties.

Three candidates with the words that speak for them; a person assigns. Where no word speaks for
any department, none is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from bot import BadInput, Sheet
from skills.opinions.model import Candidate
from skills.opinions.reading import Table, as_table
from skills.opinions.similarity import Profiles

# A line of duties counts like this many past assignments; with many of them it fades.
DUTIES_WEIGHT = 3.0
LOWEST = 0.08
NOTHING_LEARNT = "振り分けの手本（過去の割り振り、事務分掌）がありません"
NO_WORD = "手がかりになる言葉がありません"
_DEPARTMENT = re.compile(r"担当|部署|課名|所管|割り?振り|所属|^課$|^部$|department", re.IGNORECASE)
_DUTY = re.compile(r"分掌|事務|業務|内容|所掌|意見|本文|text|件名", re.IGNORECASE)


class Router:
    """Names the departments that dealt with the like before, or whose duties say so."""

    def __init__(
        self, past: Iterable[tuple[str, str]] = (), duties: Mapping[str, str] | None = None
    ) -> None:
        """`past` are (text, department), `duties` what each department is for."""
        told = [(name, text, DUTIES_WEIGHT) for name, text in (duties or {}).items()]
        learnt = [(name, text, 1.0) for text, name in past if name]
        self._profiles = Profiles([*told, *learnt])

    def route(self, text: str) -> tuple[tuple[Candidate, ...], str]:
        """At most three departments, best first; when there is none, the reason instead."""
        if not self._profiles:
            return (), NOTHING_LEARNT
        near = self._profiles.nearest(text, top=3)
        if not near or near[0].score < LOWEST:
            return (), NO_WORD
        return tuple(
            Candidate(name, round(score, 3), "・".join(shared)) for name, score, shared in near
        ), ""


def read_past(sheets: Sequence[Sheet]) -> list[tuple[str, str]]:
    """(text, department) of a table of past assignments. Raises BadInput."""
    return [(text, name) for name, text in _pairs(sheets, "過去の割り振り")]


def read_duties(sheets: Sequence[Sheet]) -> dict[str, str]:
    """What each department is for, its lines joined. Raises BadInput."""
    found: dict[str, list[str]] = {}
    for name, text in _pairs(sheets, "事務分掌"):
        found.setdefault(name, []).append(text)
    return {name: "、".join(lines) for name, lines in found.items()}


def _pairs(sheets: Sequence[Sheet], what: str) -> list[tuple[str, str]]:
    """(department, text) of each row; a merged department counts for all its rows."""
    for table in map(as_table, sheets):
        department = next((name for name in table.names if _DEPARTMENT.search(name)), "")
        text = _text_column(table, department)
        if department and text:
            return _filled(table, department, text)
    raise BadInput(
        "no departments",
        remedy=f"{what}の表に、担当課の列と内容の列が見つかりません。"
        "1行目に「担当課」「内容」の見出しを付けてください。",
    )


def _text_column(table: Table, department: str) -> str:
    others = [name for name in table.names if name != department and any(table.column(name))]
    named = [name for name in others if _DUTY.search(name)]
    return max(named or others, key=lambda name: sum(map(len, table.column(name))), default="")


def _filled(table: Table, department: str, text: str) -> list[tuple[str, str]]:
    at, place = table.place(department), table.place(text)
    pairs, last = [], ""
    for row, cells in table.rows:
        last = cells[at] or (last if (row, at) in table.merged else "")
        if last and cells[place]:
            pairs.append((last, cells[place]))
    return pairs
