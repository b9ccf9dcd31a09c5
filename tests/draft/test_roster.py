"""The staff list as offices keep it, and what is said about one that cannot be used."""

from __future__ import annotations

import io

import openpyxl
import pytest

from bot import BadInput
from skills.draft import roster

CSV = "部署,役職,名前,内線,備考\n総務部総務課,課長,山田　太郎,210,旧庶務課\n,市長,森　一,,\n"


def sheet(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_csv_list_is_read_in_the_encodings_of_an_office(encoding: str) -> None:
    found = roster.load("名簿.csv", CSV.encode(encoding))
    assert [member.name for member in found.members] == ["山田　太郎", "森　一"]
    assert found.units == {"総務部", "総務課"}
    assert found.renamed() == {"庶務課": "総務課"}
    assert [member.extension for member in found.holders("総務課", "課長")] == ["210"]


def test_a_sheet_is_read_below_its_title_and_numbers_stay_whole() -> None:
    content = sheet(
        ("職員名簿", None, None, None), ("所属", "職名", "氏名", "内線"),
        ("企画課", "主任", "小野寺　翼", 502.0), (None, None, None, None),
    )  # fmt: skip
    (member,) = roster.load("名簿.xlsx", content).members
    assert (member.department, member.title, member.extension) == ("企画課", "主任", "502")


def test_every_missing_column_is_named_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        roster.load("名簿.csv", "階級,内線\n課長,1\n".encode())
    assert "「所属」、「職名」、「氏名」の列がありません" in caught.value.remedy
    assert "見出し：階級、内線" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("名簿.xlsx", b"not a workbook", "開けません"),
        ("名簿.xlsx", b"", "中身が空"),
        ("名簿.csv", "所属,職名,氏名\n".encode(), "一人もありません"),
        ("名簿.csv", b"\xff\xfe\x81", "文字コード"),
        ("名簿.docx", b"PK", "xlsx か csv"),
    ],
)
def test_a_list_that_cannot_be_read_is_named(name: str, content: bytes, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        roster.load(name, content)
    assert name in caught.value.remedy
    assert told in caught.value.remedy


def test_units_are_cut_where_one_ends_and_the_next_begins() -> None:
    assert roster.split("教育部学校教育課学事係") == ("教育部", "学校教育課", "学事係")
    assert roster.split("総務部 情報システム課") == ("総務部", "情報システム課")
    assert roster.split("浜崎図書館") == ("浜崎図書館",)
