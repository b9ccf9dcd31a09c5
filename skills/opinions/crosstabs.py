"""How many voices of each topic have which attribute.

Before publishing, cells that stand for one to four voices are held back, and as many others as it
takes that nobody can work them out from the sums.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot import BOM, BadInput, safe_cell
from skills.opinions.model import ISOLATED, ISOLATED_LABEL, Analysis

SMALLEST = 5
MISSING = "（記載なし）"
HELD_BACK = "×"
MOST_VALUES = 30
Measure = Literal["件数", "実質件数"]
NO_POLL = (
    "意見を出した方の数え上げで、世論調査ではありません。市民全体の割合として読むことはできません。"
)
NOT_PUBLIC = (
    "小さい数から個人が分かることがあるため、このまま公開しないでください"
    "（チャットの「公開用に出す」は、小さい数を×にした集計を作ります）。"
)


@dataclass(frozen=True, slots=True)
class Crosstab:
    """`cells[row][column]` are what was measured; None is held back. Rows are topics."""

    attribute: str
    topics: tuple[str, ...]
    values: tuple[str, ...]
    cells: tuple[tuple[int | None, ...], ...]


def cross(analysis: Analysis, attribute: str, measure: Measure = "実質件数") -> Crosstab:
    """Measure the topics of the first level by one attribute. Raises BadInput."""
    names = analysis.source.columns.attributes
    if attribute not in names:
        listed = "、".join(names) or "ありません"
        raise BadInput(
            "no attribute", remedy=f"「{attribute}」という属性はありません。属性：{listed}"
        )
    values = {opinion.attributes.get(attribute) or MISSING for opinion in analysis.opinions}
    if len(values) > MOST_VALUES:
        raise BadInput(
            "too many values",
            remedy=f"「{attribute}」は値が{len(values):,}種類あり、集計に向きません。",
        )
    ordered = (*sorted(values - {MISSING}), *sorted(values & {MISSING}))
    wholes = [topic for topic in analysis.topics if topic.parent < 0]
    rows = [(topic.id, topic.label) for topic in wholes]
    if analysis.members[ISOLATED]:
        rows.append((ISOLATED, ISOLATED_LABEL))
    cells = tuple(_row(analysis, topic, attribute, ordered, measure) for topic, _ in rows)
    return Crosstab(attribute, tuple(label for _, label in rows), ordered, cells)


def _row(
    analysis: Analysis, topic: int, attribute: str, values: Sequence[str], measure: Measure
) -> tuple[int, ...]:
    said = [
        (opinion.voice, opinion.attributes.get(attribute) or MISSING)
        for opinion, _ in analysis.members[topic]
    ]
    # Each voice once a value: those who sent the same words need not be of one age.
    counts = Counter(value for _, value in (set(said) if measure == "実質件数" else said))
    return tuple(counts[value] for value in values)


def hold_back(table: Crosstab) -> Crosstab:
    """The table without cells of 1 to 4, and without one more where a sum would give one away."""
    cells: list[list[int | None]] = [
        [None if cell and cell < SMALLEST else cell for cell in row] for row in table.cells
    ]
    # A row or column with one gap is filled by subtraction from its sum: make it two.
    changed = True
    while changed:
        changed = False
        width = len(table.values)
        lines = [[(row, column) for column in range(width)] for row in range(len(cells))]
        lines += [[(row, column) for row in range(len(cells))] for column in range(width)]
        for line in lines:
            gaps = [place for place in line if cells[place[0]][place[1]] is None]
            others = [
                (cell, row, column)
                for row, column in line
                if (cell := cells[row][column]) is not None and cell > 0
            ]
            if len(gaps) == 1 and others:
                _, row, column = min(others)
                cells[row][column] = None
                changed = True
    return Crosstab(table.attribute, table.topics, table.values, tuple(map(tuple, cells)))


def shown(cell: int | None) -> int | str:
    """A cell for a spreadsheet."""
    return HELD_BACK if cell is None else cell


def told(cell: int | None) -> str:
    """A cell for people who read."""
    return HELD_BACK if cell is None else f"{cell:,}"


def as_csv(table: Crosstab) -> bytes:
    """The table for a spreadsheet, in UTF-8 with its mark."""
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow(["話題", *map(safe_cell, table.values)])
    for topic, cells in zip(table.topics, table.cells, strict=True):
        rows.writerow([safe_cell(topic), *map(shown, cells)])
    return (BOM + written.getvalue()).encode()


def as_lines(table: Crosstab, most: int = 20) -> list[str]:
    """The table in words, a line a topic, as a chat shows it."""
    lines = []
    for topic, cells in list(zip(table.topics, table.cells, strict=True))[:most]:
        counts = "、".join(
            f"{value} {told(cell)}"
            for value, cell in zip(table.values, cells, strict=True)
            if cell != 0
        )
        lines.append(f"- **{topic}**：{counts}")
    if len(table.topics) > most:
        lines.append(f"- ほか{len(table.topics) - most}話題はファイルにあります")
    return lines
