"""An answer shows only what its passages hold, and says where it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot import evidence, quantities
from bot.ports import Passage

DATA = Path(__file__).parent / "data"
SUMMER = "第12条 職員は、7月1日から9月30日までの間に、5日以内の夏季休暇を受けることができる。"
TRIP = "日当の額は、一日につき二千二百円とする。旅行命令は、出発の前日までに受けなければならない。"


def passages(*texts: str) -> list[Passage]:
    return [Passage(str(n), "服務規程", "第2章 休暇", text) for n, text in enumerate(texts, 1)]


def counts(name: str) -> tuple[int, int, int, int]:
    """Supported and kept, supported; unsupported and found, unsupported."""
    kept = supported = found = unsupported = 0
    for line in (DATA / f"evidence-{name}.jsonl").read_text("utf-8").splitlines():
        pair = json.loads(line)
        verdict = evidence.supports(pair["sentence"], passages(pair["passage"]))
        supported += pair["supported"]
        unsupported += not pair["supported"]
        kept += pair["supported"] and verdict
        found += not pair["supported"] and not verdict
    return kept, supported, found, unsupported


def test_a_supported_answer_comes_back_as_it_was_with_its_sources() -> None:
    answer = "夏季休暇は5日以内です〔1〕。日当は1日につき2,200円です〔2〕。"
    checked = evidence.check(answer, passages(SUMMER, TRIP))
    assert checked.text == answer
    assert checked.cited == (1, 2)
    assert not checked.unsupported


@pytest.mark.parametrize("mark", ["[1]", "［1］", "【1】", "〔１〕", "[ 1 ]"])
def test_every_way_of_writing_a_citation_is_shown_as_one(mark: str) -> None:
    checked = evidence.check(f"夏季休暇は5日以内です{mark}。", passages(SUMMER))
    assert checked.text == "夏季休暇は5日以内です〔1〕。"
    assert checked.cited == (1,)


def test_a_citation_after_the_full_stop_belongs_to_the_sentence_before_it() -> None:
    checked = evidence.check("夏季休暇は5日以内です。[1][2]", passages(SUMMER, TRIP))
    assert checked.text == "夏季休暇は5日以内です。〔1〕〔2〕"
    assert checked.cited == (1, 2)


def test_several_numbers_in_one_bracket_are_several_citations() -> None:
    checked = evidence.check("夏季休暇は5日以内です[1、2]。", passages(SUMMER, TRIP))
    assert checked.text == "夏季休暇は5日以内です〔1〕〔2〕。"


@pytest.mark.parametrize(
    "sentence",
    [
        "夏季休暇は5日以内です。",
        "夏季休暇は7日以内です〔1〕。",
        "夏季休暇は5日以内です〔2〕。",
        "夏季休暇の申込みは人事課の窓口です〔1〕。",
    ],
    ids=["no citation", "another number", "the wrong passage", "other words"],
)
def test_a_sentence_without_support_is_marked(sentence: str) -> None:
    checked = evidence.check(sentence, passages(SUMMER, TRIP))
    assert checked.text.endswith(evidence.UNSUPPORTED)
    assert checked.nothing_supported
    assert checked.cited == ()


def test_a_sentence_that_says_the_opposite_is_marked() -> None:
    checked = evidence.check("夏季休暇を受けることはできません〔1〕。", passages(SUMMER))
    assert checked.nothing_supported


def test_an_obligation_is_not_taken_for_its_opposite() -> None:
    checked = evidence.check("旅行命令は出発の前日までに受けます〔1〕。", passages(TRIP))
    assert not checked.unsupported


def test_a_number_without_a_passage_is_taken_out_of_the_answer() -> None:
    checked = evidence.check("夏季休暇は5日以内です〔9〕。", passages(SUMMER))
    assert "〔9〕" not in checked.text
    assert evidence.UNSUPPORTED in checked.text


def test_saying_that_nothing_was_found_needs_no_source() -> None:
    checked = evidence.check("見つかりませんでした。", passages(SUMMER))
    assert checked.text == "見つかりませんでした。"
    assert checked.says_not_found
    assert checked.nothing_supported


def test_an_answer_in_english_is_held_to_its_numbers_and_its_japanese_terms() -> None:
    right = "Summer leave (夏季休暇) is up to 5 days〔1〕. Take it from July 1 (7月1日)〔1〕."
    assert not evidence.check(right, passages(SUMMER)).unsupported
    wrong = (
        "Summer leave is up to 7 days〔1〕. Sick leave (病気休暇) is paid〔1〕. Ask anyone〔1〕."
    )
    assert len(evidence.check(wrong, passages(SUMMER)).unsupported) == 3


def test_one_unsupported_sentence_does_not_take_the_others_with_it() -> None:
    checked = evidence.check(
        "- 夏季休暇は5日以内です〔1〕。\n- 申請には印鑑が必要です〔1〕。", passages(SUMMER)
    )
    first, second = checked.text.split("\n")
    assert first == "- 夏季休暇は5日以内です〔1〕。"
    assert second.endswith(evidence.UNSUPPORTED)
    assert checked.cited == (1,)


def test_a_line_that_only_announces_a_list_is_not_marked() -> None:
    checked = evidence.check("次のとおりです：\n- 夏季休暇は5日以内です〔1〕。", passages(SUMMER))
    assert evidence.UNSUPPORTED not in checked.text


def test_a_full_stop_inside_quotation_marks_does_not_end_a_sentence() -> None:
    assert evidence.sentences("「休む。」と書く。次。") == ["「休む。」と書く。", "次。"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("令和六年4月1日", "2024-04-01"),
        ("一日につき二千二百円", "1日につき2,200円"),
        ("５日間", "5日"),
        ("1箇月", "1か月"),
        ("1億2000万円", "120,000,000円"),
        ("平成元年度", "1989年"),
    ],
)
def test_one_quantity_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert quantities.find(one) == quantities.find(other)


def test_words_that_hold_a_numeral_are_not_quantities() -> None:
    assert not quantities.find("一部の職員は十分に休み、万一に備える。")


def test_a_masked_number_is_not_a_quantity() -> None:
    checked = evidence.check("連絡先は〈電話1〉です〔1〕。", passages("連絡先は〈電話1〉とする。"))
    assert not checked.unsupported


def test_the_threshold_holds_on_the_pairs_it_was_chosen_on() -> None:
    assert counts("dev") == (16, 18, 15, 16)


def test_nineteen_of_twenty_are_kept_and_four_of_five_found_on_pairs_set_aside() -> None:
    kept, supported, found, unsupported = counts("held-out")
    assert kept / supported >= 0.95
    assert found / unsupported >= 0.8
