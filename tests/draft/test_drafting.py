"""A draft: what stands in it, what is asked for, and what is never made up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import BadInput, Source
from skills.draft import document, drafting, furigana, kinds, marks, numbering, wording
from tests.draft.papers import NOW, add_kind, drafted, opened, text_of, word

RULE = Source(
    1,
    "文書管理規程.pdf",
    "第3章 ＞ 第12条",
    "起案は、起案書により行う。",
    "p1",
    "p.4",
    "2026-04-01",
    "2",
)


def test_a_letter_stands_in_the_order_of_the_convention(tmp_path: Path) -> None:
    text = drafted("通知", tmp_path, kinds.load("通知", tmp_path).sample).text
    order = ["み防第218号", "令和8年11月16日", "各部課長　様", "総務部防災危機管理課長",
             "（公印省略）", "令和8年度総合防災訓練の実施について（通知）", "つきましては、",
             "\n記\n", "１　日　　時　令和8年12月4日（金）", "６　添付書類", "以上",
             "担当：総務部防災危機管理課　高橋"]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    body = next(line for line in text.split("\n") if "地域防災計画" in line)
    assert body.startswith("　み")


def test_a_value_that_nobody_gave_is_never_made_up(tmp_path: Path) -> None:
    draft = drafted("通知", tmp_path, {"件名": "防災訓練の実施"}, excerpts=(RULE,))
    assert draft.missing == (
        "文書番号", "発信日", "宛名", "発信者", "本文", "記", "担当課", "電話",
    )  # fmt: skip
    assert not re.search(r"[0-9０-９]", draft.text.replace("防災訓練の実施", ""))
    assert "担当：【要記入】（担当課）" in draft.text
    assert "電話：【要記入】" in draft.text


def test_an_item_without_a_value_is_asked_for(tmp_path: Path) -> None:
    draft = drafted("通知", tmp_path, {"件名": "訓練", "記": "日時：令和8年12月4日\n場所："})
    assert "２　場　　所　【要記入】" in draft.text
    assert "記の「場所」" in draft.missing


def test_what_the_office_always_writes_is_filled_in(tmp_path: Path) -> None:
    (tmp_path / "office.yaml").write_text("担当課: 総務課\n電話: 内線 2100\n", encoding="utf-8")
    draft = drafted("通知", tmp_path, {"件名": "訓練", "電話": "内線 2299"})
    assert "担当：総務課" in draft.text
    assert "電話：内線 2299" in draft.text
    assert "担当課" not in draft.missing


def test_the_season_is_that_of_the_letter_and_else_of_today(tmp_path: Path) -> None:
    given = {"件名": "訓練", "宛先": "庁外"}
    assert "晩秋の候、" in drafted("通知", tmp_path, given).text
    assert "陽春の候、" in drafted("通知", tmp_path, {**given, "発信日": "2026-04-10"}).text
    assert "の候、" not in drafted("通知", tmp_path, {**given, "宛先": "庁内"}).text


def test_a_phrase_that_lacks_its_value_is_left_out(tmp_path: Path) -> None:
    assert "御尽力" not in drafted("挨拶文", tmp_path, {"行事名": "文化祭"}).text
    text = drafted("挨拶文", tmp_path, {"行事名": "文化祭", "お礼の相手": "実行委員会の皆様"}).text
    assert "御尽力をいただきました実行委員会の皆様に" in text


@pytest.mark.parametrize("scene", ["開会", "閉会", "祝辞", "来賓", "歓迎", "年頭", "着任", "退任"])
def test_every_scene_of_a_greeting_opens_and_closes(scene: str, tmp_path: Path) -> None:
    text = drafted("挨拶文", tmp_path, {"行事名": "文化祭", "場面": scene}).text
    first, *_, last = [line for line in text.split("\n") if line.endswith("。")]
    assert "「文化祭」" in first
    assert last.endswith(("いたします。", "お願いします。"))


def test_plain_japanese_has_its_own_page_and_its_own_words(tmp_path: Path) -> None:
    sample = dict(kinds.load("お知らせ", tmp_path).sample)
    usual = drafted("お知らせ", tmp_path, sample).text
    plain = drafted("お知らせ", tmp_path, {**sample, "書き方": "やさしい日本語"}).text
    assert "と　き｜令和8年12月12日（土）" in usual
    assert "いつ｜2026年12月12日（土曜日）" in plain
    assert "お金｜いりません（0円）" in plain
    assert "教室を開催します" in usual
    assert "教室をします" in plain


def test_shorter_drops_courtesies_and_keeps_every_fact(tmp_path: Path) -> None:
    sample = kinds.load("依頼", tmp_path).sample
    usual = drafted("依頼", tmp_path, sample).text
    short = drafted("依頼", tmp_path, sample, styles=(wording.SHORT,)).text
    assert len(short) < len(usual)
    assert "の候、" not in short
    assert "御多忙のところ" not in short
    facts = re.findall(r"[0-9０-９]+[年月日名]|第\d+号", usual)
    assert re.findall(r"[0-9０-９]+[年月日名]|第\d+号", short) == facts


def test_politer_changes_phrases_once(tmp_path: Path) -> None:
    words = wording.load(tmp_path)
    once = words.apply("提出してください。確認をお願いします。", wording.POLITE)
    assert once == "御提出くださいますようお願い申し上げます。確認をお願い申し上げます。"
    assert words.apply(once, wording.POLITE) == once


def test_a_slot_is_no_wording(tmp_path: Path) -> None:
    add_kind(tmp_path, "貸出書", template=word("返す期限 {{件名}}"))
    (tmp_path / "wording.yaml").write_text("短く:\n  - [件名, 題]\n  - [期限, 日]\n", "utf-8")
    draft = drafted("貸出書", tmp_path, {"件名": "スクリーン"}, styles=(wording.SHORT,))
    assert draft.text == "返す日 スクリーン"


@pytest.mark.parametrize("content", ["短く: [一つ]", "- 短く", "短く: {"])
def test_a_table_of_wordings_that_cannot_be_read_says_so(content: str, tmp_path: Path) -> None:
    (tmp_path / "wording.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        wording.load(tmp_path)
    assert "wording.yaml を読めません" in refused.value.remedy


def test_an_unconfirmed_file_says_so_and_carries_its_excerpts(tmp_path: Path) -> None:
    draft = drafted("通知", tmp_path, {"件名": "訓練"}, excerpts=(RULE,))
    saved = opened(drafting.word_file(draft, NOW, is_confirmed=False))
    head = "".join(paragraph.text for paragraph in saved.sections[0].header.paragraphs)
    assert head.startswith("【未確認】")
    text = drafting.text_of(saved)
    assert "〔1〕文書管理規程.pdf ＞ 第3章 ＞ 第12条 p.4（2026-04-01 改正）「起案は、" in text
    assert "【要記入】の欄：文書番号、発信日" in text


def test_a_confirmed_file_carries_neither_mark_nor_excerpts_nor_numbers(tmp_path: Path) -> None:
    draft = drafted(
        "通知", tmp_path, {"件名": "訓練"}, excerpts=(RULE,), prose="訓練を行います。〔1〕",
        engine="some-model",
    )  # fmt: skip
    assert "訓練を行います。〔1〕" in draft.text
    content = drafting.word_file(draft, NOW, is_confirmed=True)
    text = text_of(content)
    assert "訓練を行います。\n" in text
    assert "〔1〕" not in text
    assert "文書管理規程" not in text
    assert "【未確認】" not in "".join(
        p.text for p in opened(content).sections[0].header.paragraphs
    )
    assert text.endswith(
        "※この文書の作成に生成AI（some-model）を利用し、職員が内容を確認しました。"
    )


def test_without_a_model_nothing_is_said_about_ai(tmp_path: Path) -> None:
    for is_confirmed in (True, False):
        draft = drafted("通知", tmp_path, {"件名": "訓練"})
        assert "AI" not in text_of(drafting.word_file(draft, NOW, is_confirmed=is_confirmed))


def test_excerpts_stand_in_the_documents_that_show_their_basis(tmp_path: Path) -> None:
    draft = drafted("想定問答", tmp_path, {"質問": "起案はどう行うか。"}, excerpts=(RULE,))
    assert "〔1〕文書管理規程.pdf" in draft.text
    without = drafted("想定問答", tmp_path, {"質問": "起案はどう行うか。"})
    assert "〔" not in without.text


@pytest.mark.parametrize(
    ("style", "items"),
    [("1", ["１　", "２　"]), ("(1)", ["(1)　", "(2)　"]), ("ア", ["ア　", "イ　"]),
     ("・", ["・", "・"])],
)  # fmt: skip
def test_items_are_numbered_as_the_form_says(style: str, items: list[str]) -> None:
    done = numbering.numbered(["あ", "い"], style)
    assert done == [f"{items[0]}あ", f"{items[1]}い"]


def test_an_item_with_a_number_of_its_own_keeps_it() -> None:
    assert numbering.numbered(["(3)　あ"], "(1)") == ["(3)　あ"]


def test_two_figures_stand_in_the_place_of_one_wide_one() -> None:
    assert [numbering.figure(n) for n in (1, 9, 10)] == ["１", "９", "10"]


def test_names_of_items_are_spread_to_one_width() -> None:
    items = ["日時：4日", "持ち物：なし", "実施場所：本庁舎", "雨天のとき"]
    done = ["日　　時　4日", "持ち物　　なし", "実施場所　本庁舎", "雨天のとき"]
    assert numbering.in_columns(items) == done


def test_a_missing_value_is_marked_in_every_template(tmp_path: Path) -> None:
    for name in kinds.ORDER:
        kind = kinds.load(name, tmp_path)
        draft = drafted(name, tmp_path, {kind.slots[0].name: "件"})
        runs = [
            run for paragraph in document.paragraphs(draft.word)
            for run in paragraph.iterchildren("{*}r")
            if document.MISSING in "".join(part.text or "" for part in run.iter("{*}t"))
        ]  # fmt: skip
        assert runs
        assert all(run.find("{*}rPr/{*}highlight") is not None for run in runs)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("住む", "[住|す]む"),
        ("申し込んで", "[申|もう]し[込|こ]んで"),
        ("12月4日（金）", "12[月|がつ][4日|よっか]（[金|きん]）"),
        ("12月12日", "12[月|がつ]12[日|にち]"),
        ("午前11時30分まで", "[午前|ごぜん]11[時|じ]30[分|ぷん]まで"),
        ("3階の保健センター", "3[階|がい]の[保健|ほけん]センター"),
        ("20歳の方は避難所へ", "20[歳|さい]の[方|かた]は[避難所|ひなんじょ]へ"),
        ("1人 0123-45-6789", "[1人|ひとり] 0123-45-6789"),
        ("タオル", "タオル"),
    ],
)
def test_kanji_have_their_readings(text: str, told: str, tmp_path: Path) -> None:
    known = wording.load(tmp_path).pairs[wording.READINGS]
    pieces = furigana.read(text, known)
    assert "".join(part for part, _ in pieces) == text
    assert "".join(f"[{part}|{over}]" if over else part for part, over in pieces) == told


def test_plain_japanese_has_furigana_in_word_and_the_same_text(tmp_path: Path) -> None:
    sample = {**kinds.load("お知らせ", tmp_path).sample, "書き方": "やさしい日本語"}
    draft = drafted("お知らせ", tmp_path, sample)
    content = drafting.word_file(draft, NOW, is_confirmed=True)
    over = [part.text for part in opened(content).element.body.iterfind(".//{*}rt//{*}t")]
    assert {"かんせん", "きょうしつ", "ほけん"} <= set(over)
    assert text_of(content) == draft.text
    usual = drafted("お知らせ", tmp_path, {**sample, "書き方": "標準"})
    standard = opened(drafting.word_file(usual, NOW, is_confirmed=True))
    assert not list(standard.element.body.iter("{*}rt"))


def test_furigana_is_not_put_over_furigana(tmp_path: Path) -> None:
    made = opened(word("感染症の教室"))
    for _ in range(2):
        marks.add_furigana(made, lambda text: furigana.read(text, {}))
        over = [part.text for part in made.element.body.iterfind(".//{*}rt//{*}t")]
        assert over == ["かんせん", "しょう", "きょうしつ"]
    document.replace(made.paragraphs[0]._p, re.compile("教室"), lambda _: "講座")
    assert document.lines(made) == ["感染症の講座"]


@pytest.mark.parametrize(
    "subject", ["防災訓練の実施", "防災訓練の実施について", "防災訓練の実施について（通知）"]
)
def test_a_subject_typed_whole_does_not_say_its_end_twice(subject: str, tmp_path: Path) -> None:
    text = drafted("通知", tmp_path, {"件名": subject}).text
    assert text.count("防災訓練の実施について（通知）") == 1
    assert "についてについて" not in text
    assert text.count("（通知）") == 1


def test_an_end_of_two_letters_may_be_chance() -> None:
    assert document.without_echo("市長", "長様") == "市長"
    assert document.without_echo("について", "について") == "について"
