"""What a reader hands back: a document as headings, paragraphs and table rows, in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# A line that looks like a heading although the format does not say so: bold, short, alone.
LOOKS_LIKE_HEADING = 7

_CONTROLS = (*range(9), *range(11, 32), 0x7F, 0xAD, 0xFEFF)
_TURNS = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A))
UNSEEN = dict.fromkeys((*_CONTROLS, *_TURNS))

_HEADER_WORDS = """
項目 内容 区分 備考 品目 名称 種類 日数 金額 担当 時期 期間 説明 事由 対象 場所 用語 意味 役割
手順 様式 書類 窓口 電話 電話番号 所在地 住所 地区 施設 施設名 手続 期限 費用 手数料 出し方 注意
質問 回答 例 職名 係 課 曜日 定員 備品 単価 上限 基準 措置 状況 配備 番号 言い方 言い換え 見積書
予定価格 限度額
"""
HEADER_WORDS = tuple(_HEADER_WORDS.split())


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (`level` 1 to 6, or 7 when only its looks say so), a paragraph or a table.

    A table has `rows`, all as wide as `header`; an empty `header` means rows of (name, value).
    `is_item` marks a list item: never a heading, whatever its number looks like.
    """

    text: str = ""
    level: int = 0
    page: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A read file. `revised` is an ISO date or empty; `warnings` are for whoever added it.

    `lines` is the text as it was typed, spaces and empty lines kept, of a format that has lines
    but is no plain text; empty otherwise.
    """

    name: str
    title: str = ""
    revised: str = ""
    blocks: tuple[Block, ...] = ()
    warnings: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class Unreadable(Exception):
    """What is wrong with a file, and what to do about it, in the words of its owner."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def table(
    rows: Sequence[Sequence[str]], *, page: str = "", header_rows: int = 0, is_sure: bool = False
) -> list[Block]:
    """Make a table block, preceded by the titles that stand alone in its first rows.

    `is_sure` says that the format itself marks `header_rows`; otherwise the first row is taken
    for the header, except in two columns where it may just as well be the first pair.
    """
    cells = [tuple(_tidy(cell) for cell in row) for row in rows]
    cells = [row for row in cells if any(row)]
    blocks: list[Block] = []
    while cells and not is_sure and _is_alone(cells[0]):
        blocks.append(Block(text=next(filter(None, cells.pop(0))), page=page))
    if not cells:
        return blocks
    width = max(len(row) for row in cells)
    cells = [row + ("",) * (width - len(row)) for row in cells]
    if width == 1:
        return blocks + [Block(text=row[0], page=page) for row in cells]
    if not is_sure and not header_rows:
        header_rows = 0 if width == 2 and not _reads_as_header(cells[0]) else 1
    header: tuple[str, ...] = ()
    if 0 < header_rows < len(cells):
        header = tuple(_join_once(column) for column in zip(*cells[:header_rows], strict=True))
        cells = cells[header_rows:]
    elif width > 2 and header_rows >= len(cells):
        return [*blocks, Block(text=" ／ ".join(dict.fromkeys(filter(None, cells[0]))), page=page)]
    return [*blocks, Block(page=page, header=header, rows=tuple(cells))]


def span(cells: Sequence[tuple[int, int, int, int, str]]) -> list[list[str]]:
    """Lay (row, column, height, width, text) on a grid, repeating what spans several cells.

    A row must be readable alone, so it also needs the words it shares with its neighbours.
    """
    if not cells:
        return []
    height = max(row + tall for row, _, tall, _, _ in cells)
    width = max(column + wide for _, column, _, wide, _ in cells)
    grid = [[""] * width for _ in range(height)]
    for row, column, tall, wide, text in cells:
        for y in range(row, row + tall):
            for x in range(column, column + wide):
                grid[y][x] = text
    return grid


def to_json(document: Document) -> dict[str, Any]:
    """Plain JSON values: the parent must not unpickle what a hostile file may have shaped."""
    return {
        "name": document.name,
        "title": document.title,
        "revised": document.revised,
        "warnings": list(document.warnings),
        "lines": list(document.lines),
        "blocks": [
            [block.text, block.level, block.page, block.header, block.rows, block.is_item]
            for block in document.blocks
        ],
    }


def from_json(value: dict[str, Any]) -> Document:
    """Raises KeyError, TypeError or ValueError when it is not what `to_json` makes."""
    return Document(
        name=str(value["name"]),
        title=_clean(value["title"]),
        revised=str(value["revised"]),
        warnings=tuple(str(warning) for warning in value["warnings"]),
        lines=tuple(_clean(line) for line in value["lines"]),
        blocks=tuple(
            Block(
                text=_clean(text),
                level=int(level),
                page=str(page),
                header=tuple(_clean(cell) for cell in header),
                rows=tuple(tuple(_clean(cell) for cell in row) for row in rows),
                is_item=bool(is_item),
            )
            for text, level, page, header, rows, is_item in value["blocks"]
        ),
    )


def _clean(text: object) -> str:
    """Without characters nobody sees: controls, zero width, marks that turn the direction."""
    return str(text).translate(UNSEEN)


def _tidy(cell: str) -> str:
    return " ".join(cell.split())


def _is_alone(row: Sequence[str]) -> bool:
    """One text in the row: a title over the table, or the same words merged across it."""
    return len(row) > 1 and len({cell for cell in row if cell}) == 1


def _reads_as_header(row: Sequence[str]) -> bool:
    return any(cell.endswith(word) for cell in row for word in HEADER_WORDS if len(cell) <= 10)


def _join_once(cells: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(cell for cell in cells if cell))
