"""Spreadsheets and CSV cell by cell, for skills that work on rows.

Workbooks are read in the child process of `manuals.documents`; text needs none.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import islice
from typing import Any

from bot.services.manuals.readers import gate
from bot.services.manuals.readers.document import UNSEEN, Unreadable
from bot.services.manuals.readers.text import decode
from bot.sheets import Sheet

PLAIN = {".csv", ".tsv", ".txt"}
DELIMITERS = ",\t;"
# The library stops at 128 KB; what is too long for an opinion is said by row, not by file.
LONGEST_CELL = 20_000_000
MOST_BROKEN = 0.01
BROKEN = "文字が壊れています（文字コード）"
_UNSEEN = {code: None for code in UNSEEN if code not in (0x09, 0x0A)}


def read(name: str, content: bytes) -> list[Sheet]:
    """Every sheet that has a cell. Raises Unreadable."""
    kind = gate.suffix(name)
    gate.check(name, content, max_bytes=gate.MAX_CSV_BYTES if kind in PLAIN else gate.MAX_BYTES)
    if kind == ".xlsx":
        # Loaded only for this format: the library takes half a second.
        from bot.services.manuals.readers import excel

        sheets = excel.read_sheets(content)
    elif kind in PLAIN:
        sheets = [_plain(content)]
    else:
        raise Unreadable(
            f"表として読める形式ではありません（{kind}）", "xlsx か csv で保存し直してください。"
        )
    sheets = [sheet for sheet in sheets if any(any(row) for row in sheet.rows)]
    if not sheets:
        raise Unreadable("中身が空です", "元のファイルを確認して、もう一度保存してください。")
    return sheets


def to_json(sheets: Sequence[Sheet]) -> list[list[Any]]:
    return [[sheet.name, sheet.rows, sheet.merges, sheet.problems] for sheet in sheets]


def from_json(value: list[Any]) -> list[Sheet]:
    """Raises KeyError, TypeError or ValueError when it is not what `to_json` makes."""
    return [
        Sheet(
            tidy(str(name)),
            tuple(tuple(tidy(cell) for cell in row) for row in rows),
            tuple((int(top), int(left), int(low), int(right)) for top, left, low, right in merges),
            tuple((int(row), int(column), str(what)) for row, column, what in problems),
        )
        for name, rows, merges, problems in value
    ]


def tidy(cell: str) -> str:
    """The words of a cell: one kind of line break, nothing that nobody sees."""
    if cell.isprintable():
        return cell.strip()
    cell = cell.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    return cell.translate(_UNSEEN).strip()


def _plain(content: bytes) -> Sheet:
    text = _decode(content)
    csv.field_size_limit(LONGEST_CELL)
    rows = _rows(text, _delimiter(text))
    problems = (
        (at, column, BROKEN)
        for at, row in enumerate(rows)
        for column, cell in enumerate(row)
        if "\ufffd" in cell
    )
    cells = tuple(tuple(map(tidy, row)) for row in rows)
    return Sheet("", cells, problems=tuple(problems))


def _decode(content: bytes) -> str:
    """Like `decode`, but a few broken characters spoil their cells only."""
    try:
        return decode(content)
    except Unreadable:
        readings = [content.decode(encoding, "replace") for encoding in ("utf-8", "cp932")]
        best = min(readings, key=lambda text: text.count("\ufffd"))
        if "\x00" in best or best.count("\ufffd") > MOST_BROKEN * len(best):
            raise
        return best


def _delimiter(text: str) -> str:
    """The one that cuts the first records evenly, leaves no quote in a cell, and cuts most."""

    def fitness(delimiter: str) -> tuple[int, int, int]:
        reader = csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=delimiter)
        head = list(islice(reader, 30))
        widths = [len(row) for row in head]
        usual = max(set(widths), key=widths.count, default=1)
        stray = sum('"' in cell for row in head for cell in row)
        return (widths.count(usual) if usual > 1 else 0), -stray, usual

    return max(DELIMITERS, key=fitness)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        # Else the rest of the file would be one cell, and its opinions lost in it.
        if "end of data" in str(error):
            raise Unreadable(
                '引用符（"）が閉じていません', "表計算ソフトで開き、保存し直してください。"
            ) from error
        rows = _loose_rows(text, delimiter)
    if sum(map(len, rows)) > gate.MAX_CSV_CELLS:
        raise Unreadable(f"大きすぎます（{len(rows):,} 行）", "ファイルを分けてください。")
    return rows


def _loose_rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(
            "CSV として読めません", "表計算ソフトで開き、保存し直してください。"
        ) from error
