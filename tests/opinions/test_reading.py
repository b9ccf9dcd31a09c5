"""Files as offices send them: no row is lost, and the columns are guessed or asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot import BadInput, Sheet
from skills.opinions.columns import choose, look
from skills.opinions.model import Columns
from skills.opinions.reading import LONGEST_OPINION, Rows, as_table, read_rows
from tests.opinions.tables import TEXTS, sheet

ASKED = "計画案についてご意見をお聞かせください"
LONG = "学校の統合について、通学路の安全と放課後の居場所を先に示してください。"


def read(made: Sheet, text_column: str = "") -> Rows:
    guess = choose([made], text_column=text_column)
    return read_rows(guess.table, guess.columns)


def listed(rows: Rows) -> dict[int, str]:
    """Every row of the file and what became of it."""
    found = {row.row: "意見" for row in rows.rows}
    found |= {error.row: error.what for error in rows.errors}
    assert len(found) == len(rows.rows) + len(rows.errors) == rows.count
    return found


def test_the_columns_of_a_usual_file_are_told_apart() -> None:
    guess = choose([sheet()])
    assert guess.columns == Columns(
        "ご意見", "受付番号", "受付日", "該当箇所", ("年代",), ("氏名",)
    )
    assert guess.is_sure


FORMS = [
    (
        ("タイムスタンプ", "メールアドレス", "あなたの年代を教えてください", ASKED),
        ("2026/10/03 9:12:44", "a@example.jp", "30代", LONG),
        Columns(
            ASKED, date="タイムスタンプ",
            attributes=("あなたの年代を教えてください",), personal=("メールアドレス",),
        ),
    ),
    (
        ("受付番号", "回答日時", "ステータス", "お名前", "お住まいの地区", "ご意見・ご提案"),
        ("00012", "2026-10-03 09:12", "完了", "みはらし花子", "東地区", LONG),
        Columns(
            "ご意見・ご提案", "受付番号", "回答日時",
            attributes=("お住まいの地区",), personal=("お名前",),
        ),
    ),
    (
        ("レコード番号", "作成日時", "更新者", "意見区分", "意見内容", "市の考え方"),
        ("12", "2026-10-03 09:12", "総務 太郎", "計画全般", LONG, "今後の参考とします。"),
        Columns(
            "意見内容", "レコード番号", "作成日時", attributes=("意見区分",), personal=("更新者",)
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("header", "row", "expected"), FORMS, ids=["google", "logo", "kintone"])
def test_the_export_of_a_form_is_understood(
    header: Sequence[str], row: Sequence[str], expected: Columns
) -> None:
    rows = [
        tuple(f"{cell}{at}" if cell in (row[0], LONG) else cell for cell in row) for at in range(12)
    ]
    guess = choose([Sheet("", (tuple(header), *rows))])
    assert guess.columns == expected
    assert guess.is_sure


def test_two_free_texts_are_a_question_for_a_person() -> None:
    rows = tuple((f"良い点は{LONG}", f"悪い点は{LONG}{n}") for n in range(5))
    guess = choose([Sheet("", (("良い点（ご意見）", "改善してほしい点（ご意見）"), *rows))])
    assert not guess.is_sure
    assert {guess.columns.text, *guess.alternatives} == {
        "良い点（ご意見）", "改善してほしい点（ご意見）",
    }  # fmt: skip


def test_titles_above_the_heading_are_no_rows() -> None:
    usual = sheet()
    above = Sheet("", (("みはらし市総合計画 意見募集の結果", "", "", "", "", ""), (), *usual.rows))
    rows = read(above)
    assert rows.count == len(TEXTS)
    assert rows.rows[0].row == 4


def test_a_heading_of_two_rows_is_read_as_one() -> None:
    rows = (
        ("番号", "回答者", "", "ご意見"),
        ("", "年代", "地区", ""),
        *((str(n), "30代", "東", f"{LONG}{n}") for n in range(1, 4)),
    )
    table = as_table(Sheet("", rows, merges=((0, 1, 0, 2), (0, 0, 1, 0), (0, 3, 1, 3))))
    assert table.names == ("番号", "回答者 年代", "回答者 地区", "ご意見")
    assert table.heading_row == 2


def test_lines_without_a_heading_are_opinions_from_the_first() -> None:
    rows = read(Sheet("", tuple((text,) for text in TEXTS)))
    assert [row.text for row in rows.rows] == list(TEXTS)


def test_empty_rows_are_listed_and_trailing_ones_are_none() -> None:
    usual = sheet().rows
    rows = read(Sheet("", (*usual[:3], (), ("", "", ""), *usual[3:], (), ())))
    assert listed(rows)[4] == listed(rows)[5] == "空の行です"
    assert rows.count == len(TEXTS) + 2


def test_a_merged_place_belongs_to_every_row_and_a_merged_text_is_said_once() -> None:
    rows = (
        ("番号", "該当箇所", "ご意見"),
        ("1", "第2章", TEXTS[0]),
        ("2", "", TEXTS[1]),
        ("3", "第3章", TEXTS[2]),
        ("4", "第3章", ""),
    )
    found = read(Sheet("", rows, merges=((1, 1, 2, 1), (3, 2, 4, 2))))
    assert [row.section for row in found.rows] == ["第2章", "第2章", "第3章"]
    assert listed(found)[5] == "意見の欄が 4 行目と結合されています"


def test_formula_cells_without_a_result_are_listed_by_row() -> None:
    usual = sheet()
    rows = (*usual.rows, ("A-7", "", "", "", "", ""), ())
    problems = ((7, 5, "計算式の結果が保存されていません"), (8, 5, "計算式"))
    made = Sheet("", rows, problems=problems)
    assert listed(read(made))[8] == "計算式の結果が保存されていません"
    assert listed(read(made))[9] == "計算式"


def test_broken_characters_are_kept_and_warned_of() -> None:
    usual = sheet()
    made = Sheet("", usual.rows, problems=((2, 5, "文字が壊れています（文字コード）"),))
    rows = read(made)
    assert len(rows.rows) == len(TEXTS)
    assert [warning.row for warning in rows.warnings] == [3]


def test_a_cell_of_one_megabyte_is_listed_and_the_others_are_read() -> None:
    rows = read(sheet(["長" * 350_000, *TEXTS]))
    assert "350,000文字" in listed(rows)[2]
    assert len(rows.rows) == len(TEXTS)
    assert listed(read(sheet(["長" * LONGEST_OPINION, *TEXTS])))[2] == "意見"


def test_an_empty_opinion_in_a_filled_row_is_listed_with_what_to_do() -> None:
    rows = read(sheet([*TEXTS, ""]))
    assert rows.errors[0].row == len(TEXTS) + 2
    assert rows.errors[0].remedy


def test_forty_columns_and_headings_used_twice_are_told_apart() -> None:
    header = ["受付番号", "ご意見", *["設問"] * 37, "年代"]
    rows = [[str(n), f"{LONG}{n}", *["はい"] * 37, "30代"] for n in range(30)]
    guess = choose([Sheet("", (tuple(header), *map(tuple, rows)))])
    assert len(set(guess.table.names)) == 40
    assert guess.table.names[2:4] == ("設問", "設問（D列）")
    assert guess.columns.text == "ご意見"
    assert len(read_rows(guess.table, guess.columns).rows) == 30


def test_a_number_given_twice_still_names_one_opinion_each() -> None:
    made = sheet()
    rows = [list(row) for row in made.rows]
    rows[3][0] = rows[2][0]
    guess = choose([Sheet("", tuple(map(tuple, rows)))])
    columns = Columns("ご意見", "受付番号")
    found = read_rows(guess.table, columns)
    assert len({row.id for row in found.rows}) == len(TEXTS)
    assert "重複" in found.warnings[0].what


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((("受付番号", "ご意見"),), "見出しだけ"),
        ((("番号", "個数"), ("1", "20"), ("2", "31")), "意見の列が分かりません"),
        ((("1", "2"), ("3", "4")), "意見の列が分かりません"),
    ],
    ids=["only a heading", "numbers", "no heading"],
)
def test_what_holds_no_opinions_is_refused_with_what_to_do(
    rows: tuple[tuple[str, ...], ...], told: str
) -> None:
    with pytest.raises(BadInput) as caught:
        look([Sheet("", rows)])
    assert told in caught.value.remedy


def test_the_sheet_with_the_opinions_is_chosen_among_several() -> None:
    summary = Sheet("集計", (("年代", "件数"), ("30代", "12"), ("60代", "31")))
    lists = Sheet("選択肢", (("項目",), ("賛成",), ("反対",)))
    guess = choose([summary, sheet(name="意見一覧"), lists])
    assert guess.table.sheet == "意見一覧"


def test_a_column_can_be_named_by_its_heading_or_its_letter() -> None:
    assert choose([sheet()], text_column="該当箇所").columns.text == "該当箇所"
    assert choose([sheet()], text_column="F").columns.text == "ご意見"
    with pytest.raises(BadInput) as caught:
        choose([sheet()], text_column="感想")
    assert "ご意見" in caught.value.remedy
    with pytest.raises(BadInput):
        choose([sheet()], sheet="別紙")
