"""Last year's Word file into this year's: formatting kept, blanks marked, changes side by side."""

from __future__ import annotations

import io
from typing import Any

import pytest
from docx import Document as open_docx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from bot import BadInput
from skills.draft import comparison, roll
from skills.draft.roll import BLANK
from tests.draft.planted import samples

W = nsdecls("w")
BOX = (
    '<w:r xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:v="urn:schemas-microsoft-com:vml" {w}><mc:AlternateContent>'
    "<mc:Choice Requires='wps'><w:txbxContent><w:p><w:r><w:t>{new}</w:t></w:r></w:p>"
    "</w:txbxContent></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p><w:r>"
    "<w:t>{old}</w:t></w:r></w:p></w:txbxContent></v:textbox></w:pict></mc:Fallback>"
    "</mc:AlternateContent></w:r>"
)


def built(*paragraphs: str) -> tuple[Any, bytes]:
    document = open_docx()
    for text in paragraphs:
        document.add_paragraph(text)
    return document, saved(document)


def saved(document: Any) -> bytes:
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def texts(content: bytes) -> list[str]:
    return [line.text for line in roll.read("文書.docx", content).lines]


def rolled(content: bytes, year: int = 2027) -> bytes:
    document = roll.read("文書.docx", content)
    return roll.apply(document, roll.suggested(roll.find_stale(document, year)))


def test_only_what_is_stale_changes_and_each_letter_keeps_its_format() -> None:
    for sample in samples("dev"):
        old = sample.document
        stale = roll.find_stale(old, 2000 + 18 + int(sample.new.removeprefix("令和")))
        new = roll.apply(old, roll.suggested(stale))
        touched = {one.index for one in stale}
        for at, (before, after) in enumerate(zip(sample.lines, texts(new), strict=True)):
            if at not in touched:
                assert before == after
        bolds = [run.bold for part in open_docx(io.BytesIO(sample.content)).paragraphs
                 for run in part.runs]  # fmt: skip
        kept = [run.bold for part in open_docx(io.BytesIO(new)).paragraphs for run in part.runs]
        assert kept == bolds


def test_a_date_over_several_runs_is_written_into_the_first_of_them() -> None:
    document = open_docx()
    paragraph = document.add_paragraph("とき：")
    for text, is_bold in (
        ("令和", False),
        ("８年", True),
        ("６月20日（", False),
        ("土）雨天中止", True),
    ):
        paragraph.add_run(text).bold = is_bold
    runs = open_docx(io.BytesIO(rolled(saved(document)))).paragraphs[0].runs
    assert [run.text for run in runs] == ["とき：", "令和９年６月19日（土）", "", "", "雨天中止"]
    assert [run.bold for run in runs] == [None, False, True, False, True]


def test_what_nobody_answered_stands_as_a_blank() -> None:
    _, content = built("令和8年6月1日", "参加費　500円", "昨年は雨で中止した。")
    assert texts(rolled(content)) == [
        "令和9年6月1日",
        f"参加費　{BLANK}",
        f"昨年{BLANK}は雨で中止した。",
    ]


def test_an_answer_takes_the_place_of_a_suggestion_and_of_a_blank() -> None:
    _, content = built("令和8年6月1日", "参加費　500円")
    document = roll.read("文書.docx", content)
    stale = roll.find_stale(document, 2027)
    answers = dict(zip(stale, ["令和9年6月3日", "600円"], strict=True))
    assert texts(roll.apply(document, answers)) == ["令和9年6月3日", "参加費　600円"]


def test_text_boxes_headers_and_cells_are_rolled_forward_too() -> None:
    document, _ = built("令和8年6月1日")
    box = parse_xml(f"<w:p {W}>" + BOX.format(w=W, new="令和8年度版", old="令和8年度版") + "</w:p>")
    document.element.body.insert(1, box)
    document.sections[0].header.paragraphs[0].text = "令和8年度事業"
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "期限", "令和8年6月9日（火）"
    new = rolled(saved(document))
    assert [text for text in texts(new) if text] == [
        "令和9年6月1日", "令和9年度版", "期限", "令和9年6月8日（火）", "令和9年度事業",
    ]  # fmt: skip
    assert "令和8" not in "".join(part.blob.decode("utf-8", "ignore") for part in
                                 open_docx(io.BytesIO(new)).part.package.iter_parts())  # fmt: skip


def test_furigana_and_deleted_words_are_no_text() -> None:
    document, _ = built("令和8年6月1日")
    document.element.body.insert(
        0,
        parse_xml(
            f"<w:p {W}><w:r><w:ruby><w:rt><w:r><w:t>れいわ</w:t></w:r></w:rt><w:rubyBase><w:r>"
            "<w:t>令和</w:t></w:r></w:rubyBase></w:ruby></w:r><w:r><w:t>8年度</w:t></w:r>"
            "<w:del><w:r><w:t>令和7年度</w:t></w:r></w:del></w:p>"
        ),
    )
    assert texts(saved(document))[0] == "令和8年度"
    assert texts(rolled(saved(document)))[0] == "令和9年度"


def test_a_place_says_where_a_person_finds_it() -> None:
    document, _ = built("令和8年6月1日", "", "件名")
    table = document.add_table(rows=2, cols=2)
    table.rows[1].cells[1].text = "500円"
    stale = roll.find_stale(roll.read("文書.docx", saved(document)), 2027)
    assert [one.place for one in stale] == ["1段落目", "表1の2行目・2列目"]


def test_a_text_file_is_rolled_forward_as_text() -> None:
    document = roll.read("通知.txt", "令和8年6月1日\r\n参加費　500円\n".encode("cp932"))
    stale = roll.find_stale(document, 2027)
    assert [one.place for one in stale] == ["1行目", "2行目"]
    assert (
        roll.apply(document, roll.suggested(stale)).decode() == "令和9年6月1日\n参加費　【要記入】"
    )


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("通知.docx", b"", "中身が空"),
        ("通知.docx", b"This is no Word file", "Word の文書として開けません"),
        ("通知.docx", b"PK\x03\x04broken", "Word の文書として開けません"),
        ("通知.pdf", b"%PDF-1.4", "元になった Word"),
        ("通知.txt", b"\xff\xfe\xff\x81", "文字コード"),
        ("通知.docx", built("", " ")[1], "文字がありません"),
    ],
)
def test_a_file_that_cannot_be_rolled_forward_is_named(
    name: str, content: bytes, told: str
) -> None:
    with pytest.raises(BadInput) as caught:
        roll.read(name, content)
    assert name in caught.value.remedy
    assert told in caught.value.remedy


def test_the_comparison_shows_new_beside_old_with_the_changes_underlined() -> None:
    _, content = built("令和8年6月1日", "変わらない文です。", "参加費　500円")
    old = roll.read("文書.docx", content)
    new = roll.read("文書.docx", rolled(content))
    document = open_docx(io.BytesIO(roll.comparison(old, new)))
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (297, 210)
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows == [
        ["新", "旧"],
        ["令和9年6月1日", "令和8年6月1日"],
        ["（略）", "（略）"],
        ["参加費　【要記入】", "参加費　500円"],
    ]
    underlined = [
        [run.text for run in cell.paragraphs[0].runs if run.underline]
        for row in document.tables[0].rows[1:]
        for cell in row.cells
    ]
    assert underlined == [["9"], ["8"], [], [], ["【要記入】"], ["500円"]]


def test_a_row_of_a_table_is_compared_as_one_line() -> None:
    document, _ = built("令和8年6月1日")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "受講料", "500円"
    old = roll.read("文書.docx", saved(document))
    new = roll.read("文書.docx", rolled(saved(document)))
    assert "- 旧：受講料 ｜ **500円**" in comparison.as_lines(roll.changes(old, new))


def test_years_that_move_along_a_row_are_changed_cell_by_cell() -> None:
    old, new = ("区分 ｜ 令和5年度 ｜ 令和6年度", "区分 ｜ 令和6年度 ｜ 令和7年度")
    assert comparison.as_lines(comparison.compare([old], [new])).splitlines() == [
        "- 旧：区分 ｜ 令和**5**年度 ｜ 令和**6**年度",
        "- 新：区分 ｜ 令和**6**年度 ｜ 令和**7**年度",
    ]


def test_lines_that_were_added_or_dropped_stand_alone() -> None:
    changes = comparison.compare(["同じ", "消した文"], ["同じ", "消した文は直した", "足した文"])
    assert comparison.as_lines(changes).splitlines()[-2:] == [
        "- 旧：（なし）",
        "- 新：**足した文**",
    ]


def test_a_long_comparison_is_cut_in_the_chat_and_says_so() -> None:
    many = [f"{number}番" for number in range(50)]
    lines = comparison.as_lines(comparison.compare(many, [f"{text}改" for text in many]))
    assert lines.endswith("ほか20か所は、添付の新旧対照表にあります。")
