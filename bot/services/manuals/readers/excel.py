"""The only file that imports openpyxl: sheets as tables, with merged cells repeated."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from bot.services.manuals.readers import gate
from bot.services.manuals.readers.document import Block, Document, Unreadable, table
from bot.services.manuals.readers.gate import broken
from bot.sheets import Sheet

MAX_CELLS = 1_000_000
FORMULA = re.compile(rb"<f[ />]")
NOT_CALCULATED = "計算式の結果が保存されていません"
CALCULATED_WRONG = "計算式がエラーになっています"


def read(name: str, content: bytes) -> Document:
    book = _open(content)
    blocks: list[Block] = []
    warnings = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            warnings.append(f"非表示のシート「{sheet.title}」は読みませんでした。")
            continue
        found = _sheet(sheet)
        if found:
            page = f"シート「{sheet.title}」"
            blocks += [Block(text=sheet.title, level=1, page=page), *found]
    if not blocks:
        raise Unreadable("どのシートも空です", "中身のあるファイルか確認してください。")
    properties = book.properties
    modified = properties.modified.date().isoformat() if properties.modified else ""
    return Document(
        name=name,
        title=(properties.title or "").strip(),
        revised=modified,
        blocks=tuple(blocks),
        warnings=tuple(warnings),
    )


def read_sheets(content: bytes) -> list[Sheet]:
    """Every sheet cell by cell, the hidden ones too; a formula needs its saved result."""
    book = _open(content)
    formulas = _formulas(content)
    sheets = []
    for sheet in book.worksheets:
        if sheet.max_row * sheet.max_column > gate.MAX_CELLS:
            raise _too_large(sheet)
        merges = tuple(
            (merged.min_row - 1, merged.min_col - 1, merged.max_row - 1, merged.max_col - 1)
            for merged in sheet.merged_cells.ranges
        )
        rows, problems = [], []
        for at, row in enumerate(sheet.iter_rows()):
            rows.append(tuple(_shown(cell) for cell in row))
            for column, cell in enumerate(row):
                if cell.data_type == "e":
                    problems.append((at, column, CALCULATED_WRONG))
                elif cell.value is None and (sheet.title, at, column) in formulas:
                    problems.append((at, column, NOT_CALCULATED))
        sheets.append(Sheet(sheet.title, tuple(rows), tuple(sorted(merges)), tuple(problems)))
    return sheets


def _open(content: bytes, **options: bool) -> Any:
    try:
        # data_only: the values that were last shown, not the formulas.
        return openpyxl.load_workbook(io.BytesIO(content), **{"data_only": True, **options})
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, InvalidFileException) as error:
        raise broken() from error


def _formulas(content: bytes) -> set[tuple[str, int, int]]:
    """Where formulas stand. Most files have none: looking for the mark first saves a reading."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not any(FORMULA.search(archive.read(part)) for part in parts):
            return set()
    book = _open(content, data_only=False, read_only=True)
    return {
        (sheet.title, cell.row - 1, cell.column - 1)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def _too_large(sheet: Any) -> Unreadable:
    return Unreadable(
        f"シート「{sheet.title}」が大きすぎます", "表を分けるか、空の行と列を消してください。"
    )


def _sheet(sheet: Any) -> list[Block]:
    """A sheet holds tables parted by empty rows, with lines of prose around them."""
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        raise _too_large(sheet)
    page = f"シート「{sheet.title}」"
    grid = [[_shown(cell) for cell in row] for row in sheet.iter_rows()]
    for merged in sheet.merged_cells.ranges:
        # A title merged across the sheet is one text; a group merged down belongs to each row.
        text = grid[merged.min_row - 1][merged.min_col - 1]
        for row in range(merged.min_row - 1, merged.max_row):
            for column in range(merged.min_col - 1, merged.max_col):
                grid[row][column] = text
    blocks: list[Block] = []
    part: list[list[str]] = []
    for cells in [*grid, []]:
        if any(cells) and not (part and len(part) > 1 and _is_prose(cells)):
            part.append(cells)
            continue
        blocks += _part(part, page)
        part = [cells] if any(cells) else []
    return blocks


def _part(rows: list[list[str]], page: str) -> list[Block]:
    """One table with the empty columns at its sides cut off."""
    if not rows:
        return []
    used = [column for column in range(len(rows[0])) if any(row[column] for row in rows)]
    return table([row[used[0] : used[-1] + 1] for row in rows], page=page)


def _is_prose(cells: list[str]) -> bool:
    """A note under a table: one text of some length, alone in its row."""
    texts = {cell for cell in cells if cell}
    return len(texts) == 1 and len(cells) > 2 and len(next(iter(texts))) > 10


def _shown(cell: Any) -> str:
    """A value as the sheet shows it, as far as its number format is an everyday one."""
    value = cell.value
    match value:
        case None:
            return ""
        case datetime():
            shown = value.date().isoformat()
            return shown if value.time() == time() else f"{shown} {value:%H:%M}"
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case bool():
            return "はい" if value else "いいえ"
        case float() | int():
            return _number(value, str(cell.number_format or ""))
        case _:
            return str(value).strip()


def _number(value: float, pattern: str) -> str:
    if "%" in pattern:
        return f"{round(value * 100, 2):g}%"
    shown = f"{value:,}" if "#,##" in pattern else str(value)
    if shown.endswith(".0"):
        shown = shown[:-2]
    return f"{shown}円" if "円" in pattern else f"¥{shown}" if "¥" in pattern else shown
