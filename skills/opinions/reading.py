"""A sheet as a table with one heading, and its rows as opinions: none is lost on the way.

Every row under the heading comes out as a `Row` or as a `Problem`; only empty rows after the last
written one are no rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot import BadInput, Sheet
from skills.opinions.model import Columns, Problem

# A longer text is a document that slipped into a cell; reading it as one opinion hides the rest.
LONGEST_OPINION = 100_000
LONGEST_HEADING = 60
_HEADING_LOOKED_FOR = 20
HEADING_WORDS = re.compile(
    r"意見|コメント|感想|要望|提案|内容|回答|記述|理由|番号|整理|受付|氏名|名前|住所|居住|お住まい|年代|年齢|性別"
    r"|職業|日時|日付|タイムスタンプ|該当|項目|箇所|区分|属性|地区|お聞かせ|ご記入|メール|電話|備考|担当|件名"
    r"|課|No\.?$|ID$|text|comment|opinion|date|timestamp|body|名$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet under one heading. `rows` are (row of the file from 1, cells), all equally wide.

    Merged cells are not repeated yet; `merged` says for (row, column) which row holds the value.
    `problems` say what is wrong with the cell at (row, column).
    """

    sheet: str
    names: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    heading_row: int = 0
    merged: Mapping[tuple[int, int], int] = field(default_factory=dict)
    problems: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def column(self, name: str) -> list[str]:
        """The cells of a column. Raises BadInput when there is none of that name."""
        at = self.place(name)
        return [cells[at] for _, cells in self.rows]

    def place(self, name: str) -> int:
        """Which column has a name, from 0; a letter such as C is understood as well."""
        if name in self.names:
            return self.names.index(name)
        letters = [letter(at) for at in range(len(self.names))]
        if name.upper() in letters:
            return letters.index(name.upper())
        listed = "、".join(self.names[:20])
        raise BadInput(
            "no such column",
            remedy=f"「{name}」という列はありません。次から選んでください：{listed}",
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One row with a text. `attributes` and `section` may come from a merged cell above."""

    row: int
    text: str
    id: str = ""
    date: str = ""
    section: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a table holds: `count` input rows, each a row or an error; warnings are on top."""

    count: int
    rows: tuple[Row, ...]
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def as_table(sheet: Sheet) -> Table:
    """Find the heading of a sheet; without one the columns are called A列, B列."""
    # A formula without a result is a row too, the last one included.
    written = [at for at, row in enumerate(sheet.rows) if any(row)]
    written += [row for row, _, _ in sheet.problems]
    width = max((at + 1 for row in sheet.rows for at, cell in enumerate(row) if cell), default=0)
    rows = [(*row[:width], *[""] * (width - len(row))) for row in sheet.rows[: max(written) + 1]]
    first, height = _heading(rows, sheet)
    merged = {
        (row, column): top
        for top, left, low, right in sheet.merges
        if right == left
        for row in range(top + 1, low + 1)
        for column in (left,)
    }
    return Table(
        sheet.name,
        _names(rows, first, height, sheet),
        tuple((at + 1, cells) for at, cells in enumerate(rows) if at >= first + height),
        first + height,
        {(row + 1, column): top + 1 for (row, column), top in merged.items()},
        {(row + 1, column): what for row, column, what in sheet.problems},
    )


def read_rows(table: Table, columns: Columns) -> Rows:
    """Every row of a table as a row with a text, or as a problem.

    Raises BadInput when the table has no row, or no column of a name.
    """
    if not table.rows:
        raise BadInput(
            "only a heading",
            remedy="見出しだけで、意見の行がありません。ファイルを確認してください。",
        )
    text_at = table.place(columns.text)
    reading = _Reading(table, columns, text_at)
    rows: list[Row] = []
    errors: list[Problem] = []
    warnings: list[Problem] = []
    for number, cells in table.rows:
        problem = _problem(table, number, cells, text_at)
        if problem is not None:
            errors.append(problem)
            continue
        rows.append(reading.row(number, cells))
        if (number, text_at) in table.problems:
            warnings.append(
                Problem(number, table.problems[number, text_at], "元の意見と見比べてください。")
            )
    rows, repeated = _unique(rows)
    warnings += repeated
    return Rows(len(table.rows), tuple(rows), tuple(errors), tuple(warnings))


def letter(at: int) -> str:
    """What a spreadsheet calls the column: 0 is A, 26 is AA."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where in a table each part of a row stands."""

    table: Table
    columns: Columns
    text_at: int

    def row(self, number: int, cells: tuple[str, ...]) -> Row:
        columns = self.columns
        attributes = {
            name: value for name in columns.attributes if (value := self._value(number, name))
        }
        return Row(
            number,
            cells[self.text_at],
            self._value(number, columns.id),
            self._value(number, columns.date),
            self._value(number, columns.section),
            attributes,
        )

    def _value(self, number: int, name: str) -> str:
        if not name:
            return ""
        column = self.table.place(name)
        held = self.table.merged.get((number, column), number)
        first = self.table.rows[0][0]
        return self.table.rows[max(held, first) - first][1][column]


def _problem(table: Table, number: int, cells: tuple[str, ...], text_at: int) -> Problem | None:
    """Why a row is no opinion."""
    text = cells[text_at]
    if not any(cells) and not any((number, at) in table.problems for at in range(len(cells))):
        return Problem(number, "空の行です")
    if not text and (number, text_at) in table.problems:
        return Problem(
            number,
            table.problems[number, text_at],
            "表計算ソフトで開いて保存し直すか、値に置き換えてください。",
        )
    if not text and (held := table.merged.get((number, text_at))):
        return Problem(number, f"意見の欄が {held} 行目と結合されています")
    if not text:
        return Problem(number, "意見の欄が空です", "意見があれば、その列に書いてください。")
    if len(text) > LONGEST_OPINION:
        return Problem(
            number,
            f"1件の意見として長すぎます（{len(text):,}文字）",
            f"{LONGEST_OPINION:,}文字までに分けてください。",
        )
    if cells == table.names:
        return Problem(number, "見出しの繰り返しです")
    return None


def _unique(rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
    """Give every row an id of its own: the second of the same is told apart by its row."""
    taken: set[str] = set()
    made, problems = [], []
    for row in rows:
        wanted = row.id or f"行{row.row}"
        if wanted in taken:
            problems.append(
                Problem(row.row, f"番号「{wanted}」が重複しています", "番号を確認してください。")
            )
            wanted = f"{wanted}（行{row.row}）"
        taken.add(wanted)
        made.append(Row(row.row, row.text, wanted, row.date, row.section, row.attributes))
    return made, problems


def _heading(rows: Sequence[tuple[str, ...]], sheet: Sheet) -> tuple[int, int]:
    """(first row, number of rows) of the heading; (first written row, 0) without one."""
    usual = sorted(sum(map(bool, row)) for row in rows if any(row))[-max(1, len(rows) // 2) :][0]
    best, at = 0.0, -1
    for number, row in enumerate(rows[:_HEADING_LOOKED_FOR]):
        cells = [cell for cell in row if cell]
        if not cells or len(cells) * 2 < usual or max(map(len, cells)) > 4 * LONGEST_HEADING:
            continue
        fitting = sum(_is_heading(cell) for cell in cells)
        fit = fitting / len(cells) + min(len(cells), usual) / usual
        is_one = fitting * 2 >= len(cells) or (fitting and _stands_over(rows[number : number + 2]))
        if is_one and fit > best:
            best, at = fit, number
    if at < 0:
        return next(number for number, row in enumerate(rows) if any(row)), 0
    return at, 2 if _has_second(rows, at, sheet) else 1


def _stands_over(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether a row of short cells says in every column something else than the one below."""
    if len(rows) < 2:
        return True
    above, below = rows
    return all(
        len(name) <= LONGEST_HEADING and name != cell
        for name, cell in zip(above, below, strict=True)
        if name
    )


def _is_heading(cell: str) -> bool:
    if "。" in cell.rstrip("。") or not HEADING_WORDS.search(cell):
        return False
    asks = re.search(r"(?:ください|下さい|お書き|お聞かせ|ご記入|ですか|ますか)[。？?）)]*$", cell)
    return len(cell) <= 16 or (len(cell) <= 2 * LONGEST_HEADING and asks is not None)


def _has_second(rows: Sequence[tuple[str, ...]], at: int, sheet: Sheet) -> bool:
    """Whether the row below belongs to the heading: one of its names spans several columns."""
    spanning = [merge for merge in sheet.merges if merge[0] == at and merge[3] > merge[1]]
    if not spanning or at + 1 >= len(rows):
        return False
    below = [cell for _, left, _, right in spanning for cell in rows[at + 1][left : right + 1]]
    return any(below) and all(len(cell) <= 16 for cell in rows[at + 1])


def _names(
    rows: Sequence[tuple[str, ...]], first: int, height: int, sheet: Sheet
) -> tuple[str, ...]:
    """One name a column, none twice."""
    width = len(rows[0]) if rows else 0
    if not height:
        return tuple(f"{letter(at)}列" for at in range(width))
    grid = [list(row) for row in rows[first : first + height]]
    for top, left, low, right in sheet.merges:
        for y in range(max(top, first), min(low, first + height - 1) + 1):
            for x in range(left, min(right, width - 1) + 1):
                grid[y - first][x] = rows[top][left]
    names: list[str] = []
    for at, parts in enumerate(zip(*grid, strict=True)):
        name = " ".join(dict.fromkeys(" ".join(part.split()) for part in parts if part))
        name = name or f"{letter(at)}列"
        names.append(f"{name}（{letter(at)}列）" if name in names else name)
    return tuple(names)
