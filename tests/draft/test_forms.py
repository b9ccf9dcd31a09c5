"""What is asked, and what is said about what was given."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot import BadInput
from skills.draft import forms, kinds, wareki
from tests.draft.papers import add_kind


@pytest.mark.parametrize(
    "text",
    ["2026-12-04", "2026/12/4", "2026年12月4日", "令和8年12月4日", "令和８年１２月４日", "R8.12.4",
     "令和8年12月4日（金）", "2026-12-04（金曜日）"],
)  # fmt: skip
def test_a_date_is_read_as_offices_write_it(text: str) -> None:
    assert wareki.parse(text) == date(2026, 12, 4)


@pytest.mark.parametrize(
    ("text", "told"),
    [("12月4日", "年から"), ("来週の金曜日", "年から"), ("2026-02-30", "という日はありません"),
     ("令和8年13月1日", "という日はありません"), ("令和8年12月4日（木）", "（金）です"),
     ("2026-12-04 午前10時", "日付だけ")],
)  # fmt: skip
def test_a_date_that_cannot_be_is_explained(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        wareki.parse(text)


@pytest.mark.parametrize(
    ("day", "told"),
    [(date(2019, 5, 1), "令和元年5月1日"), (date(2019, 4, 30), "2019年4月30日"),
     (date(2027, 1, 4), "令和9年1月4日")],
)  # fmt: skip
def test_a_day_is_written_in_its_era(day: date, told: str) -> None:
    assert wareki.japanese(day) == told


@pytest.mark.parametrize(
    ("day", "year"), [(date(2027, 3, 31), "令和8年度"), (date(2027, 4, 1), "令和9年度")]
)
def test_the_office_year_begins_in_april(day: date, year: str) -> None:
    assert wareki.fiscal_year(day) == year


def test_the_first_form_asks_which_document(tmp_path: Path) -> None:
    add_kind(tmp_path, "貸出書")
    first = forms.ask("", {}, tmp_path)
    assert first is not None
    assert first.fields[0].choices == (*kinds.ORDER, "貸出書")


@pytest.mark.parametrize("values", [{"text": "起案"}, {"text": "伺い"}])
def test_a_command_that_names_a_kind_opens_its_form(values: dict[str, str], tmp_path: Path) -> None:
    opened = forms.ask("", values, tmp_path)
    assert opened is not None
    assert opened.name == "draft/write/起案"


def test_the_chosen_kind_leads_to_its_form_with_what_the_office_always_writes(
    tmp_path: Path,
) -> None:
    (tmp_path / "office.yaml").write_text("発信者: みはらし市長\n担当: 総務課\n", encoding="utf-8")
    form = forms.ask("draft", {"文書の種類": "通知", "turn": "1"}, tmp_path)
    assert form is not None
    values = {field.name: field.value for field in form.fields}
    assert values["発信者"] == "みはらし市長"
    assert values["担当課"] == "総務課"
    assert values["公印の扱い"] == "押す"
    hints = {field.name: field.hint for field in form.fields}
    assert hints["発信日"] == "空欄は【要記入】になります"
    assert hints["メール"] == "空欄なら書きません"


def test_everything_wrong_with_a_form_is_shown_in_place(tmp_path: Path) -> None:
    given = {
        "form": "draft/write/依頼", "件名": " ", "期限": "2026-02-30", "宛先": "県庁",
        "提出先": "あ" * 201, "turn": "t",
    }  # fmt: skip
    form = forms.ask("draft/write/依頼", given, tmp_path)
    assert form is not None
    assert form.problems == {
        "件名": "入力してください。",
        "期限": "2026-02-30 という日はありません。",
        "宛先": "庁内、庁外 のどれかを選んでください。",
        "提出先": "200文字までで入れてください（今は201文字）。",
    }
    assert {field.name: field.value for field in form.fields}["期限"] == "2026-02-30"


def test_a_field_that_does_not_exist_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    form = forms.ask("draft/write/通知", {"件名": "訓練", "発進日": "2026-12-04"}, tmp_path)
    assert form is not None
    assert form.problems == {"発進日": "この欄はありません。「発信日」のことですか。"}


def test_a_field_goes_by_the_names_people_use(tmp_path: Path) -> None:
    kind = kinds.load("通知", tmp_path)
    values = forms.usable(kind, {"題名": "訓練", "日付": "R8.12.4", "あて先": "各課長　様"}, {})
    assert values["件名"] == "訓練"
    assert values["発信日"] == "2026-12-04"
    assert values["宛名"] == "各課長　様"


def test_a_complete_form_needs_nothing_more(tmp_path: Path) -> None:
    assert forms.ask("draft/write/通知", {"件名": "防災訓練"}, tmp_path) is None


def test_mistakes_are_all_listed_for_who_types(tmp_path: Path) -> None:
    kind = kinds.load("依頼", tmp_path)
    with pytest.raises(BadInput) as refused:
        forms.usable(kind, {"期限": "明日", "色": "赤"}, {})
    assert "- 件名：入力してください" in refused.value.remedy
    assert "- 期限：日付は" in refused.value.remedy
    assert "- 色：この欄はありません" in refused.value.remedy


def test_the_checklist_is_complete_only_when_all_four_are_confirmed(tmp_path: Path) -> None:
    ticked = dict.fromkeys(("正確性", "権利", "個人情報", "表現"), "確認した")
    assert forms.ask("draft/check/d1/1", ticked, tmp_path) is None
    for name in ticked:
        form = forms.ask("draft/check/d1/1", {**ticked, name: "まだ確かめていない"}, tmp_path)
        assert form is not None
        assert set(form.problems) == {name}
        left = forms.ask(
            "draft/check/d1/1", {k: v for k, v in ticked.items() if k != name}, tmp_path
        )
        assert left is not None
        assert set(left.problems) == {name}


def test_a_reason_of_a_few_letters_is_no_reason(tmp_path: Path) -> None:
    form = forms.ask("draft/disclosure/d1/1", {"理由": " 不要 "}, tmp_path)
    assert form is not None
    assert set(form.problems) == {"理由"}
    assert forms.ask("draft/disclosure/d1/1", {"理由": "全文を書き直したため"}, tmp_path) is None


def test_an_office_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "office.yaml").write_text("- 総務課\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        forms.office_values(tmp_path)
    assert "office.yaml" in refused.value.remedy
