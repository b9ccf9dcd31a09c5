"""Kinds of documents as files: the shipped ones, an office's own, and mistakes in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import BadInput
from skills.draft import document, forms, kinds
from tests.draft.papers import FORM, add_kind, drafted, opened, with_part, word

SHIPPED = (
    "通知", "依頼", "照会", "回答", "起案", "挨拶文", "メール", "想定問答", "会議次第",
    "プレスリリース", "企画書", "お知らせ",
)  # fmt: skip


def test_twelve_kinds_are_shipped(tmp_path: Path) -> None:
    assert tuple(kinds.listed(tmp_path)) == SHIPPED
    assert all(about.endswith(("文書", "原稿", "メール", "準備", "一覧", "資料", "案", "ます"))
               for about in kinds.listed(tmp_path).values())  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_every_slot_of_a_shipped_form_stands_in_its_template(name: str, tmp_path: Path) -> None:
    kind = kinds.load(name, tmp_path)
    written = {
        slot.removeprefix(document.CONDITION).partition(":")[0]
        for template in kind.templates.values()
        for slot in document.slots(opened(template))
    }
    in_phrases = {
        slot
        for phrase in kind.phrases.values()
        for text in (*phrase.cases.values(), phrase.otherwise)
        for slot in document.SLOT.findall(text)
    }
    deciding = {phrase.by for phrase in kind.phrases.values()} | {kind.variant}
    assert {slot.name for slot in kind.slots} <= written | in_phrases | deciding
    assert set(kind.phrases) <= written


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_sample_fills_its_form(name: str, tmp_path: Path) -> None:
    kind = kinds.load(name, tmp_path)
    assert kind.prompt
    assert forms.clean(kind, kind.sample, {})[1] == {}
    draft = drafted(name, tmp_path, kind.sample)
    assert draft.missing == ()
    assert document.MISSING not in draft.text
    assert "{{" not in draft.text


@pytest.mark.parametrize("name", SHIPPED)
def test_a_title_alone_makes_a_draft_that_asks_for_the_rest(name: str, tmp_path: Path) -> None:
    kind = kinds.load(name, tmp_path)
    required = {slot.name: "来年度の計画" for slot in kind.slots if slot.required}
    assert list(required) == [kind.slots[0].name]
    draft = drafted(name, tmp_path, required)
    assert draft.missing
    assert all(f"{missing}" in {slot.name for slot in kind.slots} for missing in draft.missing)
    assert draft.text.count(document.MISSING) >= len(draft.missing)


@pytest.mark.parametrize(
    ("word_given", "name"),
    [("通知", "通知"), ("伺い", "起案"), ("あいさつ", "挨拶文"), ("議会答弁", "想定問答"),
     ("次第", "会議次第"), ("報道発表", "プレスリリース"), ("mail", "メール")],
)  # fmt: skip
def test_a_kind_goes_by_several_names(word_given: str, name: str, tmp_path: Path) -> None:
    assert kinds.find(word_given, tmp_path).name == name


def test_an_unknown_kind_is_answered_with_the_nearest_and_with_all(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        kinds.find("通知分", tmp_path)
    assert "「通知分」という種類の文書はありません。「通知」のことですか" in refused.value.remedy
    assert "企画書、お知らせ" in refused.value.remedy


@pytest.mark.parametrize(
    ("said", "name"),
    [("防災訓練の通知の下書きを作って", "通知"), ("会議次第を作りたい", "会議次第"),
     ("市長の挨拶文の案文", "挨拶文"), ("お知らせを作って", "お知らせ")],
)  # fmt: skip
def test_a_sentence_names_its_kind(said: str, name: str, tmp_path: Path) -> None:
    found = kinds.mentioned(said, tmp_path)
    assert found is not None
    assert found.name == name


def test_a_sentence_without_a_kind_names_none(tmp_path: Path) -> None:
    assert kinds.mentioned("下書きを作りたい", tmp_path) is None


def test_an_office_adds_a_kind_with_a_form_and_a_template(tmp_path: Path) -> None:
    add_kind(tmp_path, "貸出書")
    assert list(kinds.listed(tmp_path))[-1] == "貸出書"
    draft = drafted("貸出書", tmp_path, {"件名": "スクリーン", "借りる人": "山田"})
    assert draft.text == "スクリーン\n山田　様"


def test_an_office_replaces_the_template_of_a_shipped_kind_alone(tmp_path: Path) -> None:
    folder = tmp_path / "kinds" / "通知"
    folder.mkdir(parents=True)
    (folder / "template.docx").write_bytes(word("わが町の通知", "{{件名}}"))
    draft = drafted("通知", tmp_path, {"件名": "防災訓練"})
    assert draft.text == "わが町の通知\n防災訓練"
    assert draft.kind.slot("宛名") is not None
    assert draft.kind.digest != kinds.load("通知", tmp_path / "elsewhere").digest


def test_all_mistakes_in_a_form_are_listed_at_once(tmp_path: Path) -> None:
    form = """
titel: 貸出し
body: 本分
find: [件名]
fields:
  - {name: 件名, requierd: true}
  - {name: 色, kind: choice}
  - {name: 数, kind: number, numbering: い}
  - {name: 備考, required: true, optional: true, max: 0}
  - {kind: line}
  - {name: 件名}
phrases:
  結び: {by: 色あい, cases: {赤: 赤です}}
"""
    add_kind(tmp_path, "貸出書", form, sample_yaml="{品名: スクリーン}")
    with pytest.raises(BadInput) as refused:
        kinds.load("貸出書", tmp_path)
    told = refused.value.remedy
    for mistake in (
        "「titel」というキーはありません。「title」のことですか",
        "「本分」という欄は fields にありません",
        "「requierd」というキーはありません。「required」のことですか",
        "「色」：choices は kind: choice のときに",
        "「数」：kind は line、text、list、date、choice のどれか",
        "「数」：numbering は",
        "「備考」：required と optional",
        "「備考」：max は",
        "5番目：name を書いてください",
        "「件名」が二つあります",
        "phrases「結び」：by は",
        "sample.yaml：「品名」という欄は",
    ):
        assert mistake in told
    assert "直すところが12か所あります" in told


def test_a_form_that_is_no_yaml_says_where(tmp_path: Path) -> None:
    add_kind(tmp_path, "貸出書", "title: 貸出し\nfields:\n  - {name: 件名\n")
    with pytest.raises(BadInput) as refused:
        kinds.load("貸出書", tmp_path)
    assert "form.yaml の4行目の近くを読めません" in refused.value.remedy


def test_a_form_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    add_kind(tmp_path, "貸出書")
    path = tmp_path / "kinds" / "貸出書" / "form.yaml"
    path.write_bytes(FORM.encode("cp932"))
    with pytest.raises(BadInput) as refused:
        kinds.load("貸出書", tmp_path)
    assert "form.yaml を UTF-8 で保存し直してください" in refused.value.remedy


def test_a_kind_without_a_template_or_without_a_form_says_so(tmp_path: Path) -> None:
    (tmp_path / "kinds" / "空").mkdir(parents=True)
    with pytest.raises(BadInput) as refused:
        kinds.load("空", tmp_path)
    assert "form.yaml がありません" in refused.value.remedy
    assert "template.docx がありません" in refused.value.remedy


def test_one_broken_kind_leaves_the_others_usable(tmp_path: Path) -> None:
    add_kind(tmp_path, "壊れた", "fields: [")
    assert kinds.listed(tmp_path)["壊れた"] == "form.yaml を確認してください"
    assert kinds.find("伺い", tmp_path).name == "起案"


def test_unknown_slots_of_a_template_are_all_named(tmp_path: Path) -> None:
    template = word("{{件明}}", "{{色}}", "{{返す日:和暦}}", "{{件名}}")
    add_kind(tmp_path, "貸出書", template=template)
    with pytest.raises(BadInput) as refused:
        drafted("貸出書", tmp_path, {"件名": "スクリーン"})
    told = refused.value.remedy
    assert "{{件明}}：この欄はありません。「件名」のことですか" in told
    assert "{{色}}：この欄はありません" in told
    assert "{{返す日:和暦}}：「:」の後は 曜日、西暦 のどれかです" in told
    assert "{{件名}}" not in told


@pytest.mark.parametrize(
    ("template", "told"),
    [(b"broken", "Word の文書として開けません"),
     (with_part(word("{{件名}}"), "word/vbaProject.bin", b"x"), "マクロが入っています")],
)  # fmt: skip
def test_a_template_that_cannot_be_used_names_its_kind(
    template: bytes, told: str, tmp_path: Path
) -> None:
    add_kind(tmp_path, "貸出書", template=template)
    with pytest.raises(BadInput) as refused:
        drafted("貸出書", tmp_path, {"件名": "スクリーン"})
    assert "「貸出書」のひな形（template.docx）" in refused.value.remedy
    assert told in refused.value.remedy


def test_a_template_saved_as_docm_is_refused_by_its_name(tmp_path: Path) -> None:
    add_kind(tmp_path, "貸出書")
    (tmp_path / "kinds" / "貸出書" / "template.docx").rename(
        tmp_path / "kinds" / "貸出書" / "template.docm"
    )
    with pytest.raises(BadInput) as refused:
        drafted("貸出書", tmp_path, {"件名": "スクリーン"})
    assert ".docx で保存し直してください" in refused.value.remedy
