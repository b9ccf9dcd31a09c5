"""結果表 as a workbook. The only file that imports xlsxwriter.

Texts are written as texts, and none begins like a formula: see `bot.safe_cell`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import islice
from typing import Any

import xlsxwriter

from bot import BadInput, safe_cell
from skills.opinions import crosstabs, rows
from skills.opinions.model import Analysis

MOST_IN_CELL = 32_000
# A sheet ends at row 1,048,576.
MOST_ROWS = 1_000_000
LARGE = 100_000
CUT = "…（長いため途中まで。全文は opinions.jsonl にあります）"
_FONT = "Meiryo UI"
_HEAD = {"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter"}
_LINE, _HIGHEST = 14.5, 400.0
_BODY = {"border": 1, "text_wrap": True, "valign": "top"}


def draw_table(analysis: Analysis) -> bytes:
    """The workbook: 結果表, 意見一覧, 属性別, エラー, 件数の照合."""
    written = io.BytesIO()
    options = {
        # Slower, but a large workbook is never whole in memory.
        "constant_memory": len(analysis.opinions) > LARGE,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(written, options)
    try:
        book.set_properties({"title": "意見の結果表（下書き）"})
        _Writer(book, analysis).all()
    finally:
        book.close()
    return written.getvalue()


class _Writer:
    def __init__(self, book: Any, analysis: Analysis) -> None:
        self._book = book
        self._analysis = analysis
        self._head = self._format(_HEAD)
        self._body = self._format(_BODY)
        self._to_write = self._format({**_BODY, "bg_color": "#FFF9DB"})
        self._title = self._format({"bold": True, "font_size": 14})
        self._note = self._format({"font_color": "#555555"})

    def all(self) -> None:
        self._results()
        self._opinions()
        self._crosstabs()
        self._errors()
        self._counts()

    def _format(self, about: dict[str, Any]) -> Any:
        return self._book.add_format({"font_name": _FONT, "font_size": 10, **about})

    def _results(self) -> None:
        analysis = self._analysis
        widths = (5, 18, 20, 50, 6, 8, 40, 13, 9)
        note = (
            f"{analysis.source.file[:80]}　意見 {len(analysis.opinions):,} 件、"
            f"論点 {analysis.claims:,} 件、実質 {analysis.voices:,} 件。"
            "概要は代表的な意見の原文（個人情報を伏せたもの）です。"
        )
        title = "意見の概要と市の考え方（下書き・未確認）"
        sheet = self._sheet("結果表", rows.RESULT, widths, above=(title, note))
        lines = rows.results(analysis)
        for at, line in enumerate(lines, 1):
            cells = (at, line.place, line.topic, line.summary)
            self._row(sheet, at + 2, cells, widths)
            sheet.write_number(at + 2, 4, line.count, self._body)
            sheet.write_number(at + 2, 5, line.voices, self._body)
            written = (line.answer or rows.TO_WRITE, line.handling, line.changed)
            for column, text in enumerate(written, 6):
                sheet.write_string(at + 2, column, _fitting(text), self._to_write)
        if lines:
            for column, choices in ((7, rows.HANDLING), (8, rows.CHANGED)):
                sheet.data_validation(
                    3,
                    column,
                    len(lines) + 2,
                    column,
                    {
                        "validate": "list",
                        "source": list(choices),
                        "error_title": "選択してください",
                        "error_message": "一覧から選んでください。",
                    },
                )

    def _opinions(self) -> None:
        attributes = self._analysis.source.columns.attributes
        header = (*rows.LISTED, *attributes)
        widths = (10, 6, 28, 70, 20, 11, 10, 28, 10, 11, *[12] * len(attributes))
        sheet = self._sheet("意見一覧", header, widths)
        at = 0
        for at, line in enumerate(islice(rows.listed(self._analysis), MOST_ROWS), 1):
            self._row(sheet, at, line, widths)
        sheet.autofilter(0, 0, at, len(header) - 1)
        if len(self._analysis.opinions) > MOST_ROWS:
            sheet.write_string(at + 1, 0, "ここから先は opinions.csv にあります。", self._note)

    def _crosstabs(self) -> None:
        """A block an attribute: topics down, values across, 件数 above 実質件数."""
        names = self._analysis.source.columns.attributes
        widths = (28, 10, *[11] * crosstabs.MOST_VALUES)
        sheet = self._page("属性別", widths)
        sheet.freeze_panes(0, 2)
        sheet.write_string(0, 0, "話題と属性別の件数", self._title)
        sheet.write_string(1, 0, crosstabs.NO_POLL, self._note)
        sheet.write_string(2, 0, crosstabs.NOT_PUBLIC, self._note)
        at = 4
        for name in names:
            sheet.write_string(at, 0, _fitting(name), self._title)
            at = self._crosstab(sheet, at + 1, name, widths) + 1
        if not names:
            sheet.write_string(at, 0, "年代や地区などの属性の列はありません。", self._note)

    def _crosstab(self, sheet: Any, at: int, name: str, widths: Sequence[int]) -> int:
        """Write one table from a row on; returns the row below it."""
        try:
            counted = crosstabs.cross(self._analysis, name, "件数")
        except BadInput as error:
            sheet.write_string(at, 0, _fitting(error.remedy), self._note)
            return at + 1
        heard = crosstabs.cross(self._analysis, name)
        self._row(sheet, at, ("話題", "数え方", *counted.values), widths, self._head)
        for topic, counts, voices in zip(counted.topics, counted.cells, heard.cells, strict=True):
            self._row(sheet, at + 1, (topic, "件数", *map(crosstabs.shown, counts)), widths)
            self._row(sheet, at + 2, (topic, "実質件数", *map(crosstabs.shown, voices)), widths)
            at += 2
        return at + 1

    def _errors(self) -> None:
        sheet = self._sheet("エラー", ("行", "種類", "内容", "すること"), (8, 20, 44, 56))
        told = [(error, "意見にできなかった行") for error in self._analysis.errors]
        told += [(warning, "注意（意見にした行）") for warning in self._analysis.warnings]
        for at, (problem, kind) in enumerate(told, 1):
            self._row(sheet, at, (problem.row, kind, problem.what, problem.remedy), (8, 20, 44, 56))
        if not told:
            sheet.write_string(1, 0, "ありません", self._note)

    def _counts(self) -> None:
        sheet = self._sheet("件数の照合", ("項目", "数", "説明"), (38, 12, 66))
        for at, line in enumerate(rows.counts(self._analysis), 1):
            self._row(sheet, at, line, (38, 12, 66))

    def _sheet(
        self,
        name: str,
        header: Sequence[str],
        widths: Sequence[int],
        *,
        above: tuple[str, ...] = (),
    ) -> Any:
        sheet = self._page(name, widths)
        for at, text in enumerate(above):
            sheet.write_string(at, 0, safe_cell(text), self._note if at else self._title)
        top = len(above)
        for column, title in enumerate(header):
            sheet.write_string(top, column, safe_cell(title), self._head)
        sheet.freeze_panes(top + 1, 0)
        sheet.repeat_rows(top)
        return sheet

    def _page(self, name: str, widths: Sequence[int]) -> Any:
        sheet = self._book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&P / &N")
        return sheet

    def _row(
        self,
        sheet: Any,
        at: int,
        cells: Sequence[str | int],
        widths: Sequence[int],
        style: Any = None,
    ) -> None:
        style = style or self._body
        # Some programs show one line of a wrapped text unless the height is said.
        lines = max(_lines(str(cell), width) for cell, width in zip(cells, widths, strict=False))
        sheet.set_row(at, min(_HIGHEST, _LINE * lines + 3))
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(at, column, cell, style)
            elif cell:
                sheet.write_string(at, column, _fitting(cell), style)


def _lines(text: str, width: int) -> int:
    """About how many lines a text takes; a Japanese letter is as wide as two Latin ones."""
    if len(text) * 2 < width:
        return 1 + text.count("\n")
    return sum(1 + 2 * len(line) // (width + 6) for line in text.split("\n"))


def _fitting(text: str) -> str:
    """A spreadsheet holds 32,767 characters in a cell."""
    text = safe_cell(text)
    return text if len(text) <= MOST_IN_CELL else text[:MOST_IN_CELL] + CUT
