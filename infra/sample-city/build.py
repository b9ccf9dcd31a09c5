"""Build the sample documents of the fictional city of Miharashi from the texts beside this file.

Every file in ``texts/`` is a small markdown dialect with YAML front matter::

    ---
    file: 職員服務規程.docx        # the suffix chooses the writer
    title: みはらし市職員服務規程
    dept: 総務部人事課             # author
    modified: 2026-03-24          # goes to the core properties
    lead: [訓令第7号, 最終改正 …]  # lines under the title
    style: plain                  # optional: docx headings as bold paragraphs, no heading styles
    ---
    # heading 1   ## heading 2   ### heading 3
    paragraph (one line each)   - list item   > slide note   | table | row |

A line ``/`` parts two tables.
In a workbook a heading 1 is a sheet, and a table cell ``^`` is merged with the cell above it.
In a deck a heading 1 is a slide.
The output is deterministic: the same texts give the same bytes.
"""

from __future__ import annotations

import html
import io
import re
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from pptx import Presentation
from pptx.util import Inches
from pptx.util import Pt as SlidePt
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

HERE = Path(__file__).resolve().parent
TEXTS = HERE / "texts"
OUT = HERE / "documents"
CITY = "みはらし市"
MINCHO, GOTHIC = "HeiseiMin-W3", "HeiseiKakuGo-W5"
TABLE = [
    ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
    ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]
KINDS = {"- ": "li", "> ": "note"}
INVARIANT_PDF_DATE = b"D:20000101000000+00'00'"


@dataclass
class Block:
    """One heading, paragraph, list item, slide note or table."""

    kind: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Source:
    """One text file: front matter and blocks."""

    file: str
    title: str
    dept: str
    modified: datetime
    lead: list[str]
    plain: bool
    blocks: list[Block]

    @property
    def running(self) -> str:
        """The line at the head of every page."""
        return f"{CITY}　{self.title.removeprefix(CITY)}"


def parse(path: Path) -> Source:
    """Read one text file."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta: dict[str, Any] = yaml.safe_load(front)
    blocks: list[Block] = []
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    for previous, line in zip(["", *lines], lines, strict=False):
        heading = re.match(r"(#{1,3}) (.+)", line)
        if heading:
            blocks.append(Block(f"h{len(heading[1])}", heading[2]))
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not previous.startswith("|"):
                blocks.append(Block("table"))
            blocks[-1].rows.append(cells)
        elif line[:2] in KINDS:
            blocks.append(Block(KINDS[line[:2]], line[2:].strip()))
        elif line != "/":
            blocks.append(Block("p", line.strip()))
    for block in blocks:
        if len({len(row) for row in block.rows}) > 1:
            raise ValueError(f"{path.name}: ragged table at {block.rows[0]}")
    return Source(
        file=str(meta["file"]),
        title=str(meta["title"]),
        dept=str(meta["dept"]),
        modified=datetime.fromisoformat(f"{meta['modified']}T09:00:00"),
        lead=[str(line) for line in meta.get("lead", [])],
        plain=meta.get("style") == "plain",
        blocks=blocks,
    )


def sections(source: Source) -> list[tuple[str, list[Block]]]:
    """The blocks under each heading 1."""
    found: list[tuple[str, list[Block]]] = []
    for block in source.blocks:
        if block.kind == "h1":
            found.append((block.text, []))
        else:
            found[-1][1].append(block)
    return found


def finish(document: Any, core: Any, source: Source) -> bytes:
    """Fill the core properties, save, and rewrite the package with fixed times."""
    core.title, core.created, core.modified = source.title, source.modified, source.modified
    for name in ("author", "last_modified_by", "creator", "lastModifiedBy"):
        if hasattr(core, name):  # python-docx and python-pptx; openpyxl
            setattr(core, name, source.dept)
    saved, out = io.BytesIO(), io.BytesIO()
    document.save(saved)
    stamp = rb"\g<1>" + source.modified.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":  # openpyxl wrote the time of saving
                content = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", stamp, content)
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            new.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def docx(source: Source) -> bytes:
    """Write a Word document."""
    document: Any = Document()
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "Heading 3"):
        style = document.styles[name]
        style.font.name = "Yu Mincho" if name == "Normal" else "Yu Gothic"
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), style.font.name)
    document.styles["Normal"].font.size = Pt(10.5)
    document.sections[0].header.paragraphs[0].text = source.running
    if source.plain:
        title = document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.add_run(source.title).font.size = Pt(16)
    else:
        document.add_heading(source.title, 0)
    for line in source.lead:
        document.add_paragraph(line).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for block in source.blocks:
        if block.kind[0] == "h":
            if source.plain:
                run = document.add_paragraph().add_run(block.text)
                run.bold, run.font.size = True, Pt(15 - int(block.kind[1]))
            else:
                document.add_heading(block.text, int(block.kind[1]))
        elif block.kind == "li":
            document.add_paragraph(block.text, style="List Bullet")
        elif block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), style="Table Grid")
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.paragraphs[0].add_run(text).bold = cells is block.rows[0]
            document.add_paragraph()
        elif block.kind == "p":
            document.add_paragraph(block.text)
    return finish(document, document.core_properties, source)


def xlsx(source: Source) -> bytes:
    """Write a workbook: a heading 1 is a sheet, a paragraph is a merged row over the table."""
    book = Workbook()
    book.remove(book.worksheets[0])
    thin = Side(style="thin")
    box = Border(left=thin, right=thin, top=thin, bottom=thin)
    for name, blocks in sections(source):
        sheet = book.create_sheet(name)
        width = max((len(block.rows[0]) for block in blocks if block.rows), default=6)
        at = 1
        for block in blocks:
            if block.kind != "table":
                sheet.cell(at, 1, block.text).font = Font(bold=at == 1, size=14 if at == 1 else 10)
                sheet.merge_cells(None, at, 1, at, width)
                at += 1
                continue
            for y, row in enumerate(block.rows):
                for x, text in enumerate(row, start=1):
                    cell: Any = sheet.cell(at + y, x)
                    cell.border = box
                    cell.alignment = Alignment(vertical="top", wrap_text=True)
                    if y == 0:
                        cell.font = Font(bold=True)
                        cell.fill = PatternFill("solid", fgColor="DDEBF7")
                    if text == "^":
                        continue
                    cell.value = int(text) if re.fullmatch(r"[1-9]\d*", text) else text or None
                    below = [under[x - 1] for under in block.rows[y + 1 :]]
                    span = len(list(takewhile("^".__eq__, below)))
                    if span:
                        sheet.merge_cells(None, at + y, x, at + y + span, x)
            at += len(block.rows) + 1
        for x in range(1, width + 1):
            sheet.column_dimensions[get_column_letter(x)].width = 26 if x > 1 else 18
    return finish(book, book.properties, source)


def pptx(source: Source) -> bytes:
    """Write a deck: a heading 1 is a slide, ``>`` lines are its notes."""
    deck: Any = Presentation()
    cover = deck.slides.add_slide(deck.slide_layouts[0])
    cover.shapes.title.text = source.title
    cover.placeholders[1].text = "\n".join([source.dept, *source.lead])
    for name, blocks in sections(source):
        tables = [block for block in blocks if block.kind == "table"]
        lines = [block for block in blocks if block.kind in ("p", "li")]
        slide = deck.slides.add_slide(deck.slide_layouts[1 if lines else 5])
        slide.shapes.title.text = name
        if lines:
            frame = slide.placeholders[1].text_frame
            for index, block in enumerate(lines):
                para = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
                para.text, para.level = block.text, int(block.kind == "li")
                para.font.size = SlidePt(18 if block.kind == "p" else 16)
        for block in tables:
            top = Inches(4.3 if lines else 1.6)
            size = (len(block.rows), len(block.rows[0]))
            table = slide.shapes.add_table(*size, Inches(0.5), top, Inches(9), Inches(2)).table
            for y, row in enumerate(block.rows):
                for x, text in enumerate(row):
                    table.cell(y, x).text = text
                    table.cell(y, x).text_frame.paragraphs[0].font.size = SlidePt(12)
        notes = [block.text for block in blocks if block.kind == "note"]
        if notes:
            slide.notes_slide.notes_text_frame.text = "\n".join(notes)
    return finish(deck, deck.core_properties, source)


def pdf(source: Source) -> bytes:
    """Write a PDF with running header and page numbers; the text is real text."""
    body = ParagraphStyle("p", fontName=MINCHO, fontSize=10.5, leading=17, wordWrap="CJK")
    styles = {
        "p": body,
        "li": ParagraphStyle("li", body, leftIndent=14, bulletFontName=MINCHO),
        "title": ParagraphStyle("t", body, fontName=GOTHIC, fontSize=17, leading=26, alignment=1),
        "lead": ParagraphStyle("l", body, alignment=2),
        "cell": ParagraphStyle("c", body, fontSize=9, leading=12),
    }
    for level, size in ((1, 14), (2, 12), (3, 11)):
        styles[f"h{level}"] = ParagraphStyle(
            "h", body, fontName=GOTHIC, fontSize=size, leading=size * 1.6, keepWithNext=1
        )
    story: list[Any] = [Paragraph(html.escape(source.title), styles["title"])]
    story += [Paragraph(html.escape(line), styles["lead"]) for line in source.lead]
    story.append(Spacer(1, 6 * mm))
    for block in source.blocks:
        if block.kind == "table":
            cells = [[Paragraph(html.escape(c), styles["cell"]) for c in r] for r in block.rows]
            widths = [166 * mm / len(cells[0])] * len(cells[0])
            story.append(Table(cells, widths, repeatRows=1, style=TABLE))
            story.append(Spacer(1, 3 * mm))
        elif block.kind == "li":
            story.append(Paragraph(html.escape(block.text), styles["li"], bulletText="・"))
        elif block.kind in styles:
            story.append(Paragraph(html.escape(block.text), styles[block.kind]))

    def furniture(canvas: Any, document: Any) -> None:
        canvas.setFont(GOTHIC, 8)
        canvas.drawString(22 * mm, 286 * mm, source.running)
        canvas.drawRightString(188 * mm, 286 * mm, source.dept)
        canvas.drawCentredString(105 * mm, 10 * mm, f"- {document.page} -")

    out = io.BytesIO()
    margin = 22 * mm
    edges = {f"{side}Margin": margin for side in ("left", "right", "top", "bottom")}
    frame = SimpleDocTemplate(
        out, pagesize=A4, title=source.title, author=source.dept, invariant=1, **edges
    )
    frame.build(story, onFirstPage=furniture, onLaterPages=furniture)
    date = source.modified.strftime("D:%Y%m%d%H%M%S+09'00'").encode()
    return out.getvalue().replace(INVARIANT_PDF_DATE, date)  # the same length: offsets hold


def md(source: Source) -> bytes:
    """Write a markdown page."""
    lines = [f"# {source.title}", "", *(f"{line}  " for line in source.lead)]
    for block in source.blocks:
        if block.kind == "table":
            head, *rest = [f"| {' | '.join(row)} |" for row in block.rows]
            lines += ["", head, "|" + " --- |" * len(block.rows[0]), *rest]
        elif block.kind == "li":
            lines += ([] if lines[-1].startswith("- ") else [""]) + [f"- {block.text}"]
        elif block.kind[0] == "h":
            lines += ["", f"{'#' * (int(block.kind[1]) + 1)} {block.text}"]
        elif block.kind == "p":
            lines += ["", block.text]
    return ("\n".join(lines) + "\n").encode()


def web(source: Source) -> bytes:
    """Write an HTML page with the navigation and footer that a city's site has around it."""
    main: list[str] = [f"<p>{html.escape(line)}</p>" for line in source.lead]
    for block in source.blocks:
        text = html.escape(block.text)
        if block.kind == "table":
            rows = [
                "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in row)
                for tag, row in zip(["th"] + ["td"] * len(block.rows), block.rows, strict=False)
            ]
            main.append("<table>" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
        elif block.kind[0] == "h":
            main.append(f"<h{int(block.kind[1]) + 1}>{text}</h{int(block.kind[1]) + 1}>")
        elif block.kind == "li":
            main.append(f"<ul><li>{text}</li></ul>")
        elif block.kind == "p":
            main.append(f"<p>{text}</p>")
    day = source.modified.date().isoformat()
    page = f"""<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>{source.title}｜{CITY}</title>
<meta name="author" content="{source.dept}">
<meta property="article:modified_time" content="{day}"></head>
<body><header><nav><a href="/">ホーム</a> <a href="/life/">くらし</a></nav></header>
<main><h1>{html.escape(source.title)}</h1>
<p>更新日：<time datetime="{day}">{day}</time>　担当：{source.dept}</p>
"""
    close = f"</main><footer>{CITY}役所　代表 0900-00-0000（架空の市）</footer></body></html>\n"
    return (page + "\n".join(main) + "\n" + close).encode().replace(b"</ul>\n<ul>", b"\n")


WRITERS: dict[str, Callable[[Source], bytes]] = {
    ".docx": docx, ".xlsx": xlsx, ".pptx": pptx, ".pdf": pdf, ".md": md, ".html": web,
}  # fmt: skip


def main() -> int:
    """Build every document."""
    # reportlab's invariant mode writes one fixed date, which pdf() replaces.
    pdfdoc.rl_config.invariant = 1
    for font in (MINCHO, GOTHIC):
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for path in sorted(TEXTS.glob("*.md")):
        source = parse(path)
        data = WRITERS[Path(source.file).suffix](source)
        (OUT / source.file).write_bytes(data)
        print(f"{source.file}\t{len(data):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
