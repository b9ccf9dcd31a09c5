"""Personal data leaves a text before a model sees it, and comes back unharmed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot import masking
from bot.masking import mask, mask_all, restore, restore_value

# Made-up values; check digits computed for these tests.
PERSONAL = [
    ("電話", "090-1234-5678", "電話は090-1234-5678です。"),
    ("電話", "０９０－１２３４－５６７８", "電話は０９０－１２３４－５６７８です。"),
    ("電話", "090ー1234ー5678", "携帯は090ー1234ー5678"),
    ("電話", "(03)1234-5678", "代表(03)1234-5678まで"),
    ("電話", "+81 90-1234-5678", "国外からは+81 90-1234-5678"),
    ("電話", "0312345678", "TEL 0312345678"),
    ("メール", "hanako.yamada@example.jp", "hanako.yamada@example.jpへ返信"),
    ("個人番号", "1234 5678 9018", "マイナンバーは1234 5678 9018です"),
    ("個人番号", "１２３４５６７８９０１８", "個人番号：１２３４５６７８９０１８"),
    ("個人番号", "123456789012", "個人番号は123456789012（桁の誤り）"),
    ("個人番号", "1234-5678-9018", "番号 1234-5678-9018"),
    ("法人番号", "7000012050002", "法人番号 7000012050002"),
    ("法人番号", "7000012050002", "登録番号はT7000012050002"),
    ("カード", "4111 1111 1111 1111", "カード 4111 1111 1111 1111 で払う"),
    ("住所", "千代田区霞が関1-2-3 霞荘101号室", "千代田区霞が関1-2-3 霞荘101号室です"),
    ("住所", "名古屋市中区三の丸三丁目1番2号", "名古屋市中区三の丸三丁目1番2号です"),
    ("郵便番号", "100-0013", "〒100-0013"),
    ("口座", "1234567", "普通預金 1234567"),
    ("記号番号", "12345 番号 12345678", "ゆうちょ 記号 12345 番号 12345678"),
    ("免許", "123456789012", "運転免許証の番号 123456789012"),
    ("保険番号", "0012345678", "介護保険の被保険者番号 0012345678"),
    ("年金番号", "1234-567890", "基礎年金番号1234-567890"),
    ("旅券", "TK1234567", "パスポート TK1234567"),
    ("在留カード", "AB12345678CD", "在留カード AB12345678CD"),
    ("生年月日", "昭和50年3月4日", "生年月日：昭和50年3月4日"),
    ("生年月日", "1980/01/02", "1980/01/02生まれ"),
    ("氏名", "佐藤", "佐藤様が来庁"),
    ("氏名", "山田 花子", "山田 花子 様"),
    ("氏名", "佐々木さくら", "佐々木さくら様から"),
    ("氏名", "田中", "市民課田中さん"),
    ("氏名", "大越", "大越氏の申請"),
    ("氏名", "スミス", "スミスさん"),
    ("氏名", "鈴木 一郎", "氏名：鈴木 一郎"),
    ("秘密", "sk-abcdefghijklmnopqrstuvwx", "鍵はsk-abcdefghijklmnopqrstuvwxです"),
    ("秘密", "xoxb-123456789012-abcdef", "xoxb-123456789012-abcdef"),
    ("秘密", "Passw0rd!", "パスワード: Passw0rd!"),
]  # fmt: skip

HARMLESS = [
    "皆様、お客様、市民の皆さんへ",
    "担当者様、ご家族様、ご本人様、〇〇市長 殿",
    "同様に、仕様書と様式第1号を多様な模様で",
    "課長さん、業者さん、お母さん、看護師さん、たくさんの人",
    "諸君、貴殿、宮殿、両氏、摂氏20度、氏名の欄",
    "2024年4月1日から5日間、第12条第3項、令和6年4月1日施行",
    "区分1-2の場合は別表第3による。中央区の市役所です。",
    "口座に1000000円を振り込む。予算は123,456,789円。",
    "受付番号123456789018、宛名番号00012345",
    "パスワードは12文字以上にする。トークンの数は1000です。",
    "午前9時から17時まで、内線1234",
    "<b>重要</b>《お知らせ》〈注意〉",
]


@pytest.mark.parametrize(("kind", "value", "text"), PERSONAL, ids=[p[2] for p in PERSONAL])
def test_personal_data_is_replaced_and_comes_back(kind: str, value: str, text: str) -> None:
    masked = mask(text)
    assert value not in masked.text
    assert f"〈{kind}1〉" in masked.text
    assert masked.found == {kind: 1}
    assert masked.table == {f"〈{kind}1〉": value}
    assert restore(masked.text, masked.table) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_office_text_stays_as_it_is(text: str) -> None:
    assert mask(text).text == text


def test_an_invisible_character_does_not_hide_a_number() -> None:
    masked = mask("電話は090-\u200b1234-\u00ad5678です")
    assert masked.text == "電話は〈電話1〉です"
    assert restore(masked.text, masked.table) == "電話は090-\u200b1234-\u00ad5678です"


def test_one_value_has_one_placeholder_in_every_text_of_a_turn() -> None:
    masked = mask_all(
        ["佐藤様 090-1111-2222", "折返しは090-1111-2222、佐藤様。別件は090-3333-4444"]
    )
    assert masked.texts == (
        "〈氏名1〉様 〈電話1〉",
        "折返しは〈電話1〉、〈氏名1〉様。別件は〈電話2〉",
    )
    assert masked.found == {"氏名": 2, "電話": 3}


def test_a_placeholder_that_someone_typed_is_not_taken_for_another_persons_number() -> None:
    masked = mask("〈電話1〉は誰の番号ですか。私は090-1111-2222です。")
    assert masked.text == "〈記号1〉は誰の番号ですか。私は〈電話1〉です。"
    assert masked.found == {"電話": 1}
    answer = restore("〈記号1〉は不明です。あなたは〈電話1〉です。", masked.table)
    assert answer == "〈電話1〉は不明です。あなたは090-1111-2222です。"


def test_a_placeholder_that_a_model_made_up_stays_a_placeholder() -> None:
    assert restore("〈電話9〉へ", {"〈電話1〉": "090-1111-2222"}) == "〈電話9〉へ"


@pytest.mark.parametrize(
    "spelt", ["〈電話1〉", "〈電話１〉", "<電話1>", "《電話1》", "〈 電話 1 〉"]
)
def test_a_placeholder_is_understood_however_a_model_spells_it(spelt: str) -> None:
    assert restore(f"{spelt}へ", {"〈電話1〉": "090-1111-2222"}) == "090-1111-2222へ"


def test_values_come_back_into_structured_answers() -> None:
    class Contact(BaseModel):
        name: str
        phones: list[str]

    masked = Contact(name="〈氏名1〉", phones=["〈電話1〉"])
    table = {"〈氏名1〉": "佐藤", "〈電話1〉": "090-1111-2222"}
    assert restore_value(masked, table) == Contact(name="佐藤", phones=["090-1111-2222"])


def test_the_check_digits_agree_with_published_examples() -> None:
    # 7000012050002 is the National Tax Agency's own corporate number.
    assert masking.is_corporate_number("7000012050002")
    assert not masking.is_corporate_number("8000012050002")
    assert masking.is_individual_number("123456789018")
    assert not masking.is_individual_number("123456789012")
    assert masking.is_card_number("4111111111111111")
    assert not masking.is_card_number("4111111111111112")


def test_one_digit_wrong_never_passes_as_an_individual_number() -> None:
    right = "123456789018"
    wrong = {right[:11] + str(digit) for digit in range(10)} - {right}
    assert not any(masking.is_individual_number(number) for number in wrong)


def test_a_random_number_of_twelve_digits_alone_is_left() -> None:
    chance = random.Random(20260401)
    numbers = [f"{chance.randrange(10**12):012}" for _ in range(500)]
    assert any(masking.is_individual_number(number) for number in numbers)
    assert all(mask(f"整理番号は{number}です").found == {} for number in numbers)


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from("〈〉<>《電話記号0-1９年月日様佐藤 山@a.:\u200b氏名東京都市番"),
        max_size=60,
    )
)
def test_whatever_is_masked_comes_back_to_the_letter(text: str) -> None:
    masked = mask(text)
    assert restore(masked.text, masked.table) == text


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "0-",
        "a@",
        "@a.",
        "市1",
        "様",
        "佐藤",
        "〈",
        "パスワード!",
        "東京都あ",
        "1234 ",
        "昭和1年",
        "eyJaaaaaaaaa.",
    ],
)
def test_a_message_of_twenty_thousand_characters_is_masked_and_comes_back(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    masked = mask(text)
    assert restore(masked.text, masked.table) == text
