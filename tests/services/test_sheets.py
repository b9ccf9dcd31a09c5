"""Spreadsheets and CSV come out cell by cell; what cannot be read is said, by cell or by file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.errors import UnreadableDocument
from bot.services.manuals.documents import read_sheets
from bot.sheets import Sheet

ROWS = (
    ("受付番号", "ご意見"),
    ("1", "髙橋公園の①番出口に、段差があります。"),
    ("2", "午後8時～10時も開けて"),
)
CSV = "\r\n".join(",".join(row) for row in ROWS) + "\r\n"


def book(fill: Callable[[Worksheet], None]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "意見一覧"
    fill(sheet)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


async def only(name: str, content: bytes) -> Sheet:
    sheets = await read_sheets(name, content)
    assert len(sheets) == 1
    return sheets[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
async def test_a_csv_reads_the_same_in_every_encoding_of_an_office(encoding: str) -> None:
    assert (await only("意見.csv", CSV.encode(encoding))).rows == ROWS


@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
async def test_the_delimiter_is_found_although_the_texts_hold_commas(delimiter: str) -> None:
    text = "".join(f'{n}{delimiter}"A, B; C 案"\n' for n in range(5))
    assert (await only("意見.csv", text.encode())).rows[4] == ("4", "A, B; C 案")


async def test_quoted_line_breaks_stay_in_their_cell() -> None:
    text = '番号,ご意見\n1,"一行目\r\n\r\n""二行目"""\n2,次\n'
    assert (await only("意見.csv", text.encode())).rows[1:] == (
        ("1", '一行目\n\n"二行目"'), ("2", "次"),
    )  # fmt: skip


async def test_a_quote_that_never_closes_does_not_swallow_the_rest() -> None:
    with pytest.raises(UnreadableDocument) as caught:
        await read_sheets("意見.csv", '番号,ご意見\n1,"閉じない\n2,次\n'.encode())
    assert "引用符" in caught.value.remedy


async def test_one_broken_character_spoils_its_cell_and_not_the_file() -> None:
    content = CSV.encode("cp932") + b"3," + b"\x81\x20\x83" + ("あ" * 300).encode("cp932")
    sheet = await only("意見.csv", content)
    assert len(sheet.rows) == 4
    assert [(row, column) for row, column, _ in sheet.problems] == [(3, 1)]


async def test_a_cell_of_one_megabyte_is_read() -> None:
    sheet = await only("意見.csv", f"番号,ご意見\n1,{'長' * 350_000}\n2,短い\n".encode())
    assert [len(row[1]) for row in sheet.rows] == [3, 350_000, 2]


async def test_merged_cells_are_named_and_rows_keep_their_numbers() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "意見募集の結果"
        sheet.merge_cells("A1:C1")
        for place, value in {
            "A3": "章",
            "B3": "ご意見",
            "A4": "第1章",
            "B4": "賛成",
            "B5": "反対",
        }.items():
            sheet[place] = value
        sheet.merge_cells("A4:A5")

    sheet = await only("意見.xlsx", book(fill))
    assert sheet.name == "意見一覧"
    assert sheet.rows[1] == ("", "", "")
    assert sheet.rows[3][:2] == ("第1章", "賛成")
    assert sheet.rows[4][:2] == ("", "反対")
    assert sheet.merges == ((0, 0, 0, 2), (3, 0, 4, 0))


async def test_a_formula_without_a_saved_result_and_one_in_error_are_problems() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["番号", "ご意見"])
        sheet.append([1, '=CONCATENATE("道", "路")'])
        sheet.append([2, "#REF!"])
        sheet["B3"].data_type = "e"

    problems = (await only("意見.xlsx", book(fill))).problems
    assert [(row, column) for row, column, _ in problems] == [(1, 1), (2, 1)]
    assert "保存されていません" in problems[0][2]


def bomb() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("意見.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "パスワード"),
        ("意見.xlsx", b"PK\x03\x04" + b"\0" * 100, "壊れて"),
        ("意見.csv", b"", "空"),
        ("意見.csv", b",,,\n,,,\n", "空"),
        ("意見.xlsx", book(lambda sheet: None), "空"),
        ("意見.docx", b"PK\x03\x04", "壊れて"),
        ("意見.pdf", b"%PDF-1.7\n", "表として"),
        ("意見.csv", bytes(range(256)) * 20, "文字コード"),
        ("意見.xls", b"\xd0\xcf\x11\xe0", "古い形式"),
    ],
)
async def test_a_file_that_is_no_table_is_refused_with_what_to_do(
    name: str, content: bytes, told: str
) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        await read_sheets(name, content)
    assert name in caught.value.remedy
    assert told in caught.value.remedy


async def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(UnreadableDocument) as caught:
        await read_sheets("意見.xlsx", bomb())
    assert "異常に大きく" in caught.value.remedy
