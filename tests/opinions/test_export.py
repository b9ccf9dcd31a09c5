"""What is handed out: a table that adds up, no formula, no personal data, nothing for others."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bot import BOM
from skills.opinions import rows
from skills.opinions.analysis import Options
from skills.opinions.clauses import read_clauses
from skills.opinions.crosstabs import cross
from skills.opinions.export import (
    EVERYTHING,
    export,
    opinion_csv,
    opinion_lines,
    table_csv,
    topic_list,
)
from skills.opinions.model import Analysis, Columns
from skills.opinions.report import MOST_URGENT, write_report
from skills.opinions.table import MOST_IN_CELL, draw_table
from tests.opinions.invented import invent
from tests.opinions.tables import HEADER, TEXTS, analysed, pairs, sheet

PHONE = "090-1234-5678"
FORMULAS = (
    "=1+1", "+81で始まる電話にかけてください", "-10点の計画です", "@市長へ", "＝IMPORTXML(1)",
    "＋賛成です", "－反対です", "＠市役所", '=HYPERLINK("http://example.jp","押す")',
)  # fmt: skip


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    texts = [text for text, _ in pairs("past")]
    more = [
        *FORMULAS,
        *[TEXTS[0]] * 4,
        "",
        f"連絡先は{PHONE}です。夫に殴られています。",
        "あ" * 40_000,
    ]
    options = Options(
        tuple(pairs("past")), dict(pairs("duties")), read_clauses("第1章 図書館\n本。")
    )
    return analysed([*texts, *more], options=options)


def whole(content: str | bytes | Iterator[str]) -> str:
    """A file as text, also when it comes in pieces or is a picture."""
    if isinstance(content, bytes):
        return content.decode("latin-1")
    return content if isinstance(content, str) else "".join(content)


def cells(content: bytes) -> dict[str, list[list[object]]]:
    book = load_workbook(io.BytesIO(content))
    return {
        sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()]
        for sheet in book.worksheets
    }


def test_the_table_holds_every_claim_once_and_every_opinion_once(analysis: Analysis) -> None:
    sheets = cells(draw_table(analysis))
    assert list(sheets) == ["結果表", "意見一覧", "属性別", "エラー", "件数の照合"]
    assert tuple(sheets["結果表"][2]) == rows.RESULT
    counts = [row[4] for row in sheets["結果表"][3:]]
    assert sum(number for number in counts if isinstance(number, int)) == analysis.claims
    assert [row[1] for row in sheets["意見一覧"][1:]] == [o.row for o in analysis.opinions]
    assert [row[0] for row in sheets["エラー"][1:]] == [error.row for error in analysis.errors]


def test_the_numbers_of_the_check_are_worked_out_and_agree(analysis: Analysis) -> None:
    numbers = [(row[0], row[1]) for row in cells(draw_table(analysis))["件数の照合"][1:]]
    assert [number for what, number in numbers if what == "差"] == [0, 0]
    told = dict(numbers)
    assert told["入力した行"] == told["意見にした行"] + told["意見にできなかった行"]  # type: ignore[operator]
    assert told["結果表の件数の合計"] == told["件数（論点の数）"]


def test_what_the_office_writes_is_open_and_its_choices_are_a_list(analysis: Analysis) -> None:
    book = load_workbook(io.BytesIO(draw_table(analysis)))
    sheet = book["結果表"]
    assert {row[6].value for row in sheet.iter_rows(min_row=4)} == {rows.TO_WRITE}
    lists = {str(item.sqref): item.formula1 for item in sheet.data_validations.dataValidation}
    last = sheet.max_row
    assert lists[f"H4:H{last}"] == '"反映,一部反映,参考,反映しない,その他（質問・感想など）"'
    assert lists[f"I4:I{last}"] == '"有,無"'


def test_no_cell_of_any_file_begins_like_a_formula(analysis: Analysis) -> None:
    begins = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
    book = load_workbook(io.BytesIO(draw_table(analysis)))
    found = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    for name in (opinion_csv, table_csv):
        text = whole(name(analysis))
        assert text.startswith(BOM)
        texts = [cell for row in csv.reader(io.StringIO(text[1:])) for cell in row]
        assert any(cell.startswith("'") for cell in texts)
        assert not [cell for cell in texts if cell.startswith(begins)]
    listed = [row[3] for row in csv.reader(io.StringIO(whole(opinion_csv(analysis))[1:]))]
    assert {f"'{text}" for text in FORMULAS} <= set(listed)
    assert not [cell for cell in found if cell.data_type == "f"]
    assert not [cell for cell in found if str(cell.value or "").startswith(begins)]


def test_a_heading_that_is_a_formula_is_one_no_more() -> None:
    header = (*HEADER[:3], "=年代()", *HEADER[4:])
    made = sheet([f"{text}{n}" for n in range(3) for text in TEXTS], header=header)
    assert "'=年代()" in whole(opinion_csv(analysed(made=made)))


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(analysis: Analysis) -> None:
    longest = max((str(row[3]) for row in cells(draw_table(analysis))["意見一覧"]), key=len)
    assert MOST_IN_CELL < len(longest) < 32_767
    assert longest.endswith("全文は opinions.jsonl にあります）")


def test_originals_stand_in_one_file_only(analysis: Analysis) -> None:
    holding = {
        name
        for name, draw in EVERYTHING.items()
        if name != "table.xlsx" and PHONE in whole(draw(analysis))
    }
    assert holding == {"opinions.jsonl"}
    assert PHONE not in str(cells(draw_table(analysis)))


def test_each_line_holds_what_programs_are_promised(analysis: Analysis) -> None:
    lines = [json.loads(line) for line in opinion_lines(analysis)]
    assert len(lines) == len(analysis.opinions)
    promised = {
        "id", "row", "text", "masked", "duplicate_of", "campaign", "topic", "topic_id", "urgent",
        "stance", "departments", "claims", "clause", "x", "y",
    }  # fmt: skip
    assert all(promised <= set(line) for line in lines)
    repeated = [line for line in lines if line["text"] == TEXTS[0]]
    assert [line["duplicate_of"] for line in repeated[1:]] == [repeated[0]["id"]] * 3
    told = json.loads(topic_list(analysis))
    assert told["opinions"] + len(told["errors"]) == told["source"]["input_rows"]


def test_the_report_begins_with_what_is_urgent_and_hides_no_few(analysis: Analysis) -> None:
    report = write_report(analysis)
    urgent = report.index("**虐待・暴力**")
    assert report.index("## 急ぎかもしれない意見") < urgent < report.index("## 件数")
    assert PHONE not in report
    for opinion, _ in analysis.members[-1]:
        assert f"番号 {opinion.id}、" in report.partition("## 個別の意見")[2]
    errors = report.partition("## 意見にできなかった行")[2]
    assert all(f"- {error.row} 行目" in errors for error in analysis.errors)


def test_an_opinion_cannot_write_into_the_report() -> None:
    hostile = "# 見出し ![絵](http://example.jp/a.png) <script>alert(1)</script> | 表 |"
    report = write_report(analysed([hostile, *TEXTS]))
    quoted = next(line for line in report.splitlines() if "見出し" in line and "絵" in line)
    assert "<script" not in quoted
    assert "\\!\\[絵\\]" in quoted
    assert "\\# 見出し" in quoted


def test_files_are_for_their_owner_only(analysis: Analysis, tmp_path: Path) -> None:
    folder = tmp_path / "結果"
    written = export(analysis, folder, files=EVERYTHING)
    assert set(written) == set(EVERYTHING)
    for path in (folder, *written.values()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert path.stat().st_size


def test_the_table_counts_every_topic_by_every_attribute_twice() -> None:
    analysis = invent(400)
    sheet = cells(draw_table(analysis))["属性別"]
    heads = [at for at, row in enumerate(sheet) if row[:2] == ["話題", "数え方"]]
    assert [sheet[at - 1][0] for at in heads] == ["年代", "地区"]
    for at, name in zip(heads, ("年代", "地区"), strict=True):
        told = cross(analysis, name, "件数")
        width = 2 + len(told.values)
        assert tuple(sheet[at][2:width]) == told.values
        block = sheet[at + 1 : at + 1 + 2 * len(told.topics)]
        assert [tuple(row[2:width]) for row in block[::2]] == list(told.cells)
        heard = cross(analysis, name).cells
        assert [tuple(row[2:width]) for row in block[1::2]] == list(heard)
        assert told.cells != heard
        counts = [cell for row in block[::2] for cell in row[2:width] if isinstance(cell, int)]
        assert sum(counts) == analysis.claims


def test_an_attribute_with_a_formula_or_too_many_values_harms_no_table() -> None:
    analysis = invent(80)
    opinions = tuple(
        replace(item, attributes={"年代": "=1+1|[x](y)", "地区": item.id})
        for item in analysis.opinions
    )
    made = replace(analysis, opinions=opinions)
    sheet = cells(draw_table(made))["属性別"]
    assert sheet[5][2] == "'=1+1|[x](y)"
    assert "80種類" in str(sheet[-1][0])
    part = write_report(made).partition("## 属性別の件数")[2].partition("\n## ")[0]
    assert "| 話題 | \\=1+1\\|\\[x\\](y) |" in part
    assert "80種類" in part


def test_a_table_without_attributes_says_so(analysis: Analysis) -> None:
    bare = replace(analysis, source=replace(analysis.source, columns=Columns("ご意見")))
    assert "属性の列はありません" in str(cells(draw_table(bare))["属性別"])
    assert "属性の列はありません" in write_report(bare)


def test_the_report_shows_small_crosstabs_and_says_they_are_no_poll() -> None:
    analysis = invent(400)
    opinions = tuple(
        replace(item, attributes={**item.attributes, "地区": f"町{at % 13}"})
        for at, item in enumerate(analysis.opinions)
    )
    report = write_report(replace(analysis, opinions=opinions))
    part = report.partition("## 属性別の件数")[2].partition("\n## ")[0]
    assert "世論調査ではありません" in part
    counts, voices = cross(analysis, "年代", "件数"), cross(analysis, "年代")
    first = "".join(
        f" {count}（{voice}） |"
        for count, voice in zip(counts.cells[0], voices.cells[0], strict=True)
    )
    assert f"| {counts.topics[0]} |{first}" in part.splitlines()
    assert "### 地区\n\n値が13種類あるため" in part


def flagged(count: int) -> Analysis:
    """Every opinion urgent, the later ones surer."""
    analysis = invent(count)
    opinions = tuple(
        replace(item, urgent="生命・安全", urgency=at / count)
        for at, item in enumerate(analysis.opinions)
    )
    return replace(analysis, opinions=opinions)


def test_the_surest_urgent_opinions_come_first_and_the_rest_stand_in_the_table() -> None:
    analysis = flagged(MOST_URGENT + 30)
    part = write_report(analysis).partition("## 急ぎかもしれない意見")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("- **")]
    surest = [f"番号 {item.id}、" for item in analysis.opinions[::-1][:MOST_URGENT]]
    assert len(lines) == MOST_URGENT
    assert all(number in line for number, line in zip(surest, lines, strict=True))
    assert "130 件あります" in part
    assert "多めに拾っています" in part
    assert "ほか 30 件は、結果表（xlsx）の「意見一覧」" in part
    listed = cells(draw_table(analysis))["意見一覧"]
    at = listed[0].index("急ぎ")
    assert sum(bool(row[at]) for row in listed[1:]) == len(analysis.urgent)


def test_a_short_urgent_list_promises_no_more_than_it_shows() -> None:
    report = write_report(flagged(MOST_URGENT))
    assert "ほか" not in report.partition("## 急ぎかもしれない意見")[2].partition("\n## ")[0]
