"""Files of every kind are read in a child process; bad ones are named with what to do."""

from __future__ import annotations

import asyncio
import io
import sys
import zipfile
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from docx import Document as WordDocument
from openpyxl import Workbook
from pptx import Presentation
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from bot.errors import UnreadableDocument
from bot.services.manuals.documents import Block, Document, Reader, parse
from bot.services.manuals.readers.dates import iso_date, revision_date
from bot.services.manuals.readers.markup import read_markup
from bot.services.manuals.readers.text import decode


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    async with Reader() as opened:
        yield opened


XXE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
BODY = ["本文の長い行です。" * 20] * 20
OTHER_LAW = ["法は令和9年4月1日改正された。", *["後の行です。" * 40] * 10]


def zipped(parts: dict[str, bytes | str], *, encrypted: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    packed = bytearray(buffer.getvalue())
    if encrypted:  # bit 0 of the flags in each local and central header
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = packed.find(mark)
            while at >= 0:
                packed[at + offset] |= 1
                at = packed.find(mark, at + 4)
    return bytes(packed)


def word(*paragraphs: tuple[str, str], table: Sequence[Sequence[str]] = ()) -> bytes:
    document = WordDocument()
    for style, text in paragraphs:
        document.add_paragraph(text, style=style)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for y, row in enumerate(table):
            for x, cell in enumerate(row):
                grid.cell(y, x).text = cell
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def pdf(*pages: Sequence[str], password: str | None = None) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, encrypt=password)
    for lines in pages:
        canvas.setFont("HeiseiMin-W3", 10)
        for number, line in enumerate(lines):
            canvas.drawString(60, 780 - 20 * number, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks if block.text]


async def test_word_headings_text_and_tables_are_read_in_order(reader: Reader) -> None:
    content = word(
        ("Title", "休暇の手引"),
        ("Normal", "令和8年4月1日改正"),
        ("Heading 1", "夏季休暇"),
        ("Normal", "5日以内です。"),
        table=[["続柄", "日数", "備考"], ["祖父母", "3日", "血族"]],
    )

    document = await reader.parse("休暇の手引.docx", content)

    assert [(block.level, block.text) for block in document.blocks[:4]] == [
        (1, "休暇の手引"),
        (0, "令和8年4月1日改正"),
        (1, "夏季休暇"),
        (0, "5日以内です。"),
    ]
    assert document.blocks[4].header == ("続柄", "日数", "備考")
    assert document.blocks[4].rows == (("祖父母", "3日", "血族"),)
    assert (document.title, document.revised) == ("休暇の手引", "2026-04-01")


async def test_sheets_are_read_with_merged_cells_and_without_hidden_ones(reader: Reader) -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = "日当"
    for row in (
        ["旅費支給表", None, None],
        ["区分", "地域", "額"],
        ["部長", "甲", 3000],
        [None, "乙", 2500],
    ):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:A4")
    sheet["C3"].number_format = '#,##0"円"'
    hidden = book.create_sheet("控え")
    hidden["A1"] = "見せない値"
    hidden.sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)

    document = await reader.parse("旅費.xlsx", buffer.getvalue())

    assert texts(document) == ["日当", "旅費支給表"]
    assert document.blocks[-1].rows == (("部長", "甲", "3,000円"), ("部長", "乙", "2500"))
    assert {block.page for block in document.blocks} == {"シート「日当」"}
    assert "控え" in document.warnings[0]


async def test_slides_are_read_by_title_with_their_number(reader: Reader) -> None:
    deck = Presentation()
    for title, body in (("参集基準", "震度5弱で参集します。"), ("", "題のない頁")):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    buffer = io.BytesIO()
    deck.save(buffer)

    document = await reader.parse("参集.pptx", buffer.getvalue())

    assert [(b.level, b.text, b.page) for b in document.blocks] == [
        (1, "参集基準", "スライド1"),
        (0, "震度5弱で参集します。", "スライド1"),
        (1, "スライド2", "スライド2"),
        (0, "題のない頁", "スライド2"),
    ]


async def test_wrapped_pdf_lines_are_joined_and_running_lines_dropped(reader: Reader) -> None:
    long = "職員は、出張から帰庁したときは、その日から起算して十日以内に旅費を精算しなけ"
    pages = [
        ["みはらし市", f"第{n}条 本則", long, "ればならない。", end, f"- {n} -"]
        for n, end in enumerate(("甲", "乙", "丙"), 1)
    ]

    document = await reader.parse("旅費.pdf", pdf(*pages))

    assert [(block.page, block.text) for block in document.blocks[:2]] == [
        ("p.1", "第1条 本則"),
        ("p.1", long + "ればならない。"),
    ]
    assert "みはらし市" not in texts(document)
    assert not any(text.startswith("- ") for text in texts(document))


async def test_a_web_page_is_read_without_its_menus(reader: Reader) -> None:
    page = """<html><head><title>手当｜市</title></head><body><nav><a>トップ</a><a>くらし</a></nav>
    <main><h1>児童手当</h1><p>15日以内に申請してください。</p>
    <table><tr><th>年齢</th><th>額</th></tr><tr><td>3歳未満</td><td>15,000円</td></tr></table></main>
    <footer>更新日：2026年5月1日</footer><script>alert(1)</script></body></html>"""

    document = await reader.parse("手当.html", page.encode("cp932"))

    assert document.revised == "2026-05-01"
    assert texts(document) == ["児童手当", "15日以内に申請してください。"]
    assert document.blocks[-1].rows == (("3歳未満", "15,000円"),)


async def test_markdown_is_read_with_headings_tables_and_lists(reader: Reader) -> None:
    text = (
        "---\ntitle: 手引\nrevised: 2026-04-06\n---\n# 公用車\n\n**前日**までに[予約](http://x)します。\n\n"
        "1. 鍵を借りる\n2. 鍵を返す\n\n| 車 | 定員 |\n|---|---|\n| 1号車 | 5人 |\n"
    )

    document = await reader.parse("公用車.md", text.encode())

    assert (document.title, document.revised) == ("手引", "2026-04-06")
    assert texts(document) == ["公用車", "前日までに予約します。", "1. 鍵を借りる", "2. 鍵を返す"]
    assert [block.is_item for block in document.blocks[2:4]] == [True, True]
    assert document.blocks[-1].header == ("車", "定員")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16", "iso2022_jp"]
)
def test_text_in_the_encodings_of_offices_is_read(encoding: str) -> None:
    text = "品目,区分\r\nペットボトル,資源ごみ（カタカナと漢字）\r\n"

    assert decode(text.encode(encoding)) == text


async def test_a_csv_row_keeps_its_columns(reader: Reader) -> None:
    document = await reader.parse("ごみ.csv", "品目,区分\nびん,資源\n".encode("cp932"))

    assert document.blocks == (Block(header=("品目", "区分"), rows=(("びん", "資源"),)),)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("空.docx", b"", "空"),
        ("空白.txt", b" \r\n ", "空"),
        ("壊れ.docx", b"PK\x03\x04 not a zip at all", "壊れ"),
        ("壊れ.pdf", b"%PDF-1.7 nothing here", "壊れ"),
        ("中身は文.pdf", "ただの文".encode(), "拡張子"),
        ("中身はPDF.txt", b"%PDF-1.7", "拡張子"),
        ("別物.xlsx", zipped({"word/document.xml": "<a/>"}), "拡張子"),
        ("暗号.docx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "パスワード"),
        ("暗号.xlsx", zipped({"xl/workbook.xml": "<a/>"}, encrypted=True), "パスワード"),
        ("暗号.pdf", pdf(["秘密"], password="secret"), "パスワード"),
        ("旧式.doc", b"x", "docx"),
        ("旧式.xls", b"x", "xlsx"),
        ("マクロ.xlsm", b"x", "マクロ"),
        ("隠れマクロ.docx", zipped({"word/vbaProject.bin": b"x"}), "マクロ"),
        ("写真.jpg", b"x", "docx"),
        ("拡張子なし", b"x", "docx"),
        ("外へ.docx", zipped({"word/a.xml": "x", "../../evil": "x"}), "ファイル名"),
        ("実体.docx", zipped({"word/document.xml": XXE}), "外部"),
        ("実体16.docx", zipped({"word/document.xml": "<!DOCTYPE a><a/>".encode("utf-16")}), "外部"),
        ("爆弾.docx", zipped({"word/document.xml": b"\0" * 200_000_000}), "大きく"),
        ("多い.xlsx", zipped({f"xl/{number}": "" for number in range(10_001)}), "大きく"),
        ("画像だけ.pdf", pdf([]), "OCR"),
        ("乱数.txt", bytes(range(256)) * 4, "文字コード"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_a_bad_file_is_named_with_what_to_do(
    reader: Reader, name: str, content: bytes, says: str
) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        await reader.parse(name, content)

    assert f"「{name}」" in caught.value.remedy
    assert says in caught.value.remedy
    assert caught.value.remedy.endswith("ください。")
    assert (await reader.parse("次.txt", "読めます".encode())).blocks[0].text == "読めます"


async def test_a_document_that_kills_its_reader_does_not_take_the_others(reader: Reader) -> None:
    await reader.parse("前.txt", b"first")
    child = reader._child
    assert child is not None
    child.kill()
    await child.wait()

    with pytest.raises(UnreadableDocument, match="途中"):
        await reader.parse("犠牲.txt", b"second")

    assert (await reader.parse("後.txt", b"third")).blocks[0].text == "third"


async def test_a_document_that_takes_too_long_is_given_up() -> None:
    async with Reader(wall_seconds=0.001) as reader:
        with pytest.raises(UnreadableDocument, match="時間"):
            await reader.parse("遅い.txt", b"text")


async def test_the_child_has_no_network_no_files_to_write_and_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOMU_MODEL_KEY", "a secret")
    code = """
import os, resource, sys, tempfile
sys.argv = ["child"]
from bot.services.manuals.readers import child
child._give_up_rights()
import socket, ssl
found = []
try:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
except OSError as error:
    found.append("without network" in str(error))
found.append(resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 0)
try:
    bytearray(1_200_000_000)
except MemoryError:
    found.append(True)
print(found == [True, True, True])
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert output.decode().strip() == "True"

    async with Reader() as reader:
        await reader.parse("a.txt", b"text")
        assert reader._child is not None
        with open(f"/proc/{reader._child.pid}/environ", "rb") as environment:
            assert b"a secret" not in environment.read()


async def test_one_document_can_be_read_alone() -> None:
    assert (await parse("一つ.txt", "一行目\n二行目".encode())).blocks == (
        Block(text="一行目"),
        Block(text="二行目"),
    )


async def test_hidden_and_direction_characters_do_not_reach_a_passage(reader: Reader) -> None:
    document = await reader.parse("隠し.txt", "安\u200b全\u202e性\x07確認".encode())

    assert document.blocks[0].text == "安全性確認"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("令和7年4月1日", "2025-04-01"),
        ("令和元年５月１日", "2019-05-01"),
        ("R7.4.1", "2025-04-01"),
        ("平成三十一年四月三十日", "2019-04-30"),
        ("昭和64年1月7日", "1989-01-07"),
        ("二〇二五年十二月三十一日", "2025-12-31"),
        ("2025/04/01", "2025-04-01"),
        ("令和7年2月30日", ""),
        ("第9条", ""),
    ],
)
def test_dates_as_offices_write_them_become_iso(text: str, expected: str) -> None:
    assert iso_date(text) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["平成18年3月27日訓令第7号", "最終改正 令和8年3月24日訓令第4号"], "2026-03-24"),
        (["令和6年4月1日策定 令和8年2月2日改訂（第3版）"], "2026-02-02"),
        (["更新日：2026年5月1日"], "2026-05-01"),
        (["令和7年4月1日一部改正", "令和5年4月1日改正"], "2025-04-01"),
        (["令和6年4月1日制定"], "2024-04-01"),
        (["会議は令和9年4月1日に開く。"], "2020-01-01"),
        (["令和7年4月1日改正", *BODY, *OTHER_LAW], "2025-04-01"),
    ],
)  # fmt: skip
def test_the_revision_date_is_the_latest_that_is_called_one(
    lines: list[str], expected: str
) -> None:
    blocks = [Block(text=line) for line in lines]

    assert revision_date(blocks, modified="2020-01-01") == expected


def test_cells_that_span_are_repeated_so_that_a_row_reads_alone() -> None:
    _, blocks = read_markup(
        "<table><tr><th rowspan=2>区分</th><th colspan=2>宿泊料</th></tr>"
        "<tr><th>甲</th><th>乙</th></tr>"
        "<tr><td rowspan=2>部長</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>"
    )

    assert blocks[0].header == ("区分", "宿泊料 甲", "宿泊料 乙")
    assert blocks[0].rows == (("部長", "1", "2"), ("部長", "3", "4"))
