"""A Word page as a Japanese office sets it: A4, 明朝, lines on a grid, named styles to edit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

MINCHO, GOTHIC = "ＭＳ 明朝", "ＭＳ ゴシック"
# Left and right margins of 25 mm leave 160 mm: 37 characters of 12 points.
WIDTH_MM = 160


class Page:
    """Adds one line after another; saves what a colleague can then edit in Word."""

    def __init__(
        self, *, size: float = 12, pitch: float = 20, numbers: bool = False, grid: bool = True
    ) -> None:
        self.word: Any = Document()
        self.size = size
        self._styles(pitch, WD_LINE_SPACING.EXACTLY if grid else WD_LINE_SPACING.AT_LEAST)
        section = self.word.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = Mm(28), Mm(25)
        section.left_margin = section.right_margin = Mm(25)
        section.header_distance = section.footer_distance = Mm(12)
        lines = section._sectPr.find(qn("w:docGrid"))
        if lines is None:
            lines = OxmlElement("w:docGrid")
            section._sectPr.append(lines)
        # Readings over kanji would push each line to the next but one of a grid.
        lines.set(qn("w:type"), "lines" if grid else "default")
        lines.set(qn("w:linePitch"), str(int(pitch * 20)))
        if numbers:
            self._page_numbers()

    def _styles(self, pitch: float, spacing: Any) -> None:
        normal = self.word.styles["Normal"]
        _font(normal, MINCHO, self.size)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "en-US")
        language.set(qn("w:eastAsia"), "ja-JP")
        normal.element.get_or_add_rPr().append(language)
        about = normal.paragraph_format
        about.space_before = about.space_after = Pt(0)
        about.line_spacing, about.line_spacing_rule = Pt(pitch), spacing
        about.widow_control = False
        self._style("本文インデント", first=100)
        self._style("右上", align=ALIGN.RIGHT)
        self._style("発信者", align=ALIGN.RIGHT, right=100)
        self._style("件名", align=ALIGN.CENTER)
        self._style("記", align=ALIGN.CENTER)
        self._style("以上", align=ALIGN.RIGHT)
        self._style("項目", left=200, hanging=200)
        # The text of an item stands in the column after a name of four characters.
        self._style("記の項目", left=700, hanging=700)
        self._style("連絡先", left=1700)
        self._style("表題", align=ALIGN.CENTER)
        _font(self.word.styles["表題"], MINCHO, 16)
        self._style("見出し行")
        _font(self.word.styles["見出し行"], GOTHIC, self.size)
        self.word.styles["見出し行"].paragraph_format.keep_with_next = True

    def _style(
        self, name: str, *, align: Any = None, first: int = 0, left: int = 0, hanging: int = 0,
        right: int = 0,
    ) -> None:  # fmt: skip
        style = self.word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = self.word.styles["Normal"]
        style.quick_style = True
        style.paragraph_format.alignment = align
        indent(style.element.get_or_add_pPr(), self.size, first, left, hanging, right)

    def line(self, text: str = "", style: str = "Normal", **ind: int) -> Any:
        """Add a paragraph; `first`, `left`, `hanging`, `right` in hundredths of a character."""
        paragraph = self.word.add_paragraph(text, style=style)
        if ind:
            indent(paragraph._p.get_or_add_pPr(), self.size, **ind)
        return paragraph

    def blank(self) -> None:
        self.line()

    def head(self, addressee: str = "{{宛名}}") -> None:
        """Number and date at the top right, addressee, sender."""
        self.line("{{文書番号}}", "右上")
        self.line("{{発信日}}", "右上")
        self.blank()
        self.line(addressee, left=100)
        self.blank()
        self.line("{{発信者}}", "発信者")
        self.line("{{公印}}", "発信者")
        self.blank()

    def subject(self, kind: str) -> None:
        self.line("{{件名}}について（" + kind + "）", "件名")
        self.blank()

    def items(self, *texts: str, label: str = "記") -> None:
        """記, numbered items, 以上."""
        self.blank()
        self.line(label, "記")
        self.blank()
        for text in texts:
            self.line(text, "記の項目")
        self.line("以上", "以上")

    def contact(self) -> None:
        self.blank()
        self.line("担当：{{担当課}}　{{担当者}}", "連絡先")
        self.line("電話：{{電話}}", "連絡先")
        self.line("メール：{{メール}}", "連絡先")

    def heading(self, text: str) -> None:
        self.line(text, "見出し行")

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float], **about: Any) -> Any:
        """A ruled table, widths in millimetres; `labels` columns are grey, `height` is least."""
        table = self.word.add_table(len(rows), len(widths), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width)
        for row, texts in zip(table.rows, rows, strict=True):
            if about.get("height"):
                row.height = Mm(about["height"])
            for n, (cell, text, width) in enumerate(zip(row.cells, texts, widths, strict=True)):
                cell.width, cell.vertical_alignment = Mm(width), WD_ALIGN_VERTICAL.CENTER
                cell.paragraphs[0].text = text
                if n in about.get("labels", ()):
                    _shade(cell)
                if about.get("centred") or n in about.get("labels", ()):
                    cell.paragraphs[0].alignment = ALIGN.CENTER
        return table

    def _page_numbers(self) -> None:
        paragraph = self.word.sections[0].footer.paragraphs[0]
        paragraph.alignment = ALIGN.CENTER
        paragraph.add_run("- ")
        run = paragraph.add_run()
        for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
            name = "w:fldChar" if kind else "w:instrText"
            element = OxmlElement(name)
            if kind:
                element.set(qn("w:fldCharType"), kind)
            else:
                element.text = text
            run._r.append(element)
        paragraph.add_run(" -")

    def save(self, path: Path) -> None:
        about = self.word.core_properties
        about.author = about.last_modified_by = "庶務"
        about.title, about.comments = path.parent.name, ""
        about.created = about.modified = datetime(2026, 4, 1)  # noqa: DTZ001  # Word's own has no zone
        path.parent.mkdir(parents=True, exist_ok=True)
        self.word.save(path)


def indent(
    about: Any, size: float, first: int = 0, left: int = 0, hanging: int = 0, right: int = 0
) -> None:
    """Set an indent in hundredths of a character, and in points for readers without them."""
    for old in about.findall(qn("w:ind")):
        about.remove(old)
    element = about.get_or_add_ind()
    for name, value in (
        ("left", left), ("right", right), ("firstLine", first), ("hanging", hanging),
    ):  # fmt: skip
        if value:
            element.set(qn(f"w:{name}Chars"), str(value))
            element.set(qn(f"w:{name}"), str(int(value * size * 20 / 100)))


def _font(style: Any, name: str, size: float) -> None:
    style.font.name, style.font.size = name, Pt(size)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), name)


def _shade(cell: Any) -> None:
    about = cell._tc.get_or_add_tcPr()
    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", "EFEFEF")):
        shade.set(qn(f"w:{key}"), value)
    # Word wants the shade of a cell before its vertical alignment.
    aligned = about.find(qn("w:vAlign"))
    if aligned is None:
        about.append(shade)
    else:
        aligned.addprevious(shade)
