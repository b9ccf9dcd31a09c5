"""Words, grams and sentences, as a clerk would expect a search to see them."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from bot import japanese


def test_a_question_keeps_what_it_is_about_and_loses_the_asking() -> None:
    found = japanese.words("夏季休暇を取る方法を教えてください")

    assert found[:2] == ["夏季", "休暇"]
    assert "方法" not in found
    assert "教える" not in found


def test_spellings_of_one_word_are_one_word() -> None:
    assert japanese.words("申込み") == japanese.words("申し込み")
    assert japanese.words("ＶＰＮ") == japanese.words("vpn") == ["vpn"]
    assert japanese.words("打合せ") == japanese.words("打ち合わせ")


def test_english_words_are_words_too() -> None:
    assert japanese.words("VPN Client の設定") == japanese.words("ＶＰＮクライアントの設定")
    assert "okuri" in japanese.words("OKURI の使い方")


def test_grams_leave_hiragana_pairs_out_and_keep_single_kanji() -> None:
    found = japanese.grams("休暇は、いつ")

    assert found == ["休暇", "暇は", "休", "暇"]


def test_grams_do_not_cross_punctuation() -> None:
    assert "課税" not in japanese.grams("総務課、税務課")


def test_text_longer_than_sudachi_takes_is_read_to_its_end() -> None:
    found = japanese.words("出張の旅費を精算する。" * 6_000 + "末尾の珈琲")

    assert found.count("旅費") == 6_000
    assert japanese.words("珈琲")[0] in found[-3:]


def test_long_text_without_any_break_is_read_too() -> None:
    assert len(japanese.words("旅費" * 20_000)) > 10_000


def test_sentences_end_at_their_marks_and_at_line_breaks() -> None:
    assert japanese.sentences("雨です。傘は？　持ちます！\n次の行") == [
        "雨です。",
        "傘は？",
        "持ちます！",
        "次の行",
    ]


def test_a_sentence_in_brackets_or_quotes_stays_whole() -> None:
    text = "市長は「中止する。再開は未定。」と述べた。職員（休職中の者を除く。）は出勤する。"

    assert japanese.sentences(text) == [
        "市長は「中止する。再開は未定。」と述べた。",
        "職員（休職中の者を除く。）は出勤する。",
    ]


def test_a_bracket_that_is_never_closed_does_not_swallow_the_rest() -> None:
    assert japanese.sentences("「開いたまま。次です。") == ["「開いたまま。", "次です。"]
    assert japanese.sentences("閉じだけ）です。次です。") == ["閉じだけ）です。", "次です。"]


def test_latin_sentences_end_at_a_full_stop_but_numbers_do_not() -> None:
    assert japanese.sentences("Wear a badge. Version 2.5 is out.") == [
        "Wear a badge.",
        "Version 2.5 is out.",
    ]


@given(st.text(alphabet="あ漢A1（）「」。！？、\n ", max_size=200))
def test_no_letter_of_a_text_is_lost_between_its_sentences(text: str) -> None:
    joined = "".join("".join(japanese.sentences(text)).split())

    assert joined == "".join(text.split())


@given(st.text(max_size=100))
def test_any_text_becomes_tokens_without_spaces(text: str) -> None:
    tokens = japanese.words(text) + japanese.grams(text)

    assert all(token and not any(letter.isspace() for letter in token) for token in tokens)


def test_importing_does_not_load_the_dictionary() -> None:
    code = "import sys, bot.japanese; print('sudachipy' in sys.modules)"

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert result.stdout.strip() == "False"


def test_a_text_is_cut_into_units_with_their_readings() -> None:
    text = "市役所の窓口で、2026年に　ｱﾝｹｰﾄを配る"
    units = japanese.readings(text)
    assert "".join(surface for surface, _ in units) == text
    found = dict(units)
    assert found["窓口"] == "まどぐち"
    assert found["配る"] == "くばる"
    assert found["2026"] == found["、"] == found["\u3000"] == ""
