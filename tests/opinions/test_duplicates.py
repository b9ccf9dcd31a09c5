"""The same opinion sent more than once."""

from __future__ import annotations

from itertools import pairwise

import pytest

from skills.opinions.duplicates import find_duplicates
from tests.opinions.consultation import mails, opinions, pair_score

LONG = (
    "図書館を指定管理者に任せる案に反対します。司書を正規の職員として置き、直営を続けてください。"
)


@pytest.mark.parametrize(
    "other",
    [
        "保育園を増やして！",
        "保育園を 増やして!",
        "保育園を増やして",
        "「保育園」を増やして\r\n",
        "保育園を増やして。。。",
    ],
)
def test_width_blanks_and_punctuation_make_no_other_opinion(other: str) -> None:
    found = find_duplicates(["保育園を増やして!", "道路が暗い", other])
    assert found.duplicate_of.tolist() == [-1, -1, 0]


def test_capital_letters_make_no_other_opinion() -> None:
    assert find_duplicates(["More buses", "MORE BUSES."]).duplicate_of.tolist() == [-1, 0]


def test_every_later_copy_points_to_the_first() -> None:
    found = find_duplicates(["賛成です", "反対です", "賛成です", "賛成です"])
    assert found.duplicate_of.tolist() == [-1, -1, 0, 0]


def test_symbols_alone_are_told_apart() -> None:
    assert find_duplicates(["😀", "👍", "😀"]).duplicate_of.tolist() == [-1, -1, 0]


def test_a_long_text_sent_three_times_is_a_campaign() -> None:
    found = find_duplicates(["道路が暗い", LONG, LONG, "公園の遊具", LONG])
    assert found.campaign.tolist() == [-1, 0, 0, -1, 0]


def test_a_long_text_sent_twice_is_no_campaign() -> None:
    assert find_duplicates([LONG, "道路が暗い", LONG]).campaign.tolist() == [-1, -1, -1]


def test_a_short_text_sent_often_is_no_campaign() -> None:
    assert set(find_duplicates(["賛成です。"] * 50).campaign.tolist()) == {-1}


def test_mails_reworded_from_one_template_are_one_campaign() -> None:
    texts, truth = mails("dev", count=8, seed=3)
    precision, recall, score = pair_score(truth, find_duplicates(texts).campaign.tolist())
    assert min(precision, recall, score) > 0.9


def test_independent_opinions_on_the_same_things_are_no_campaign() -> None:
    texts = [row.text for row in opinions("dev")]
    found = find_duplicates(texts)
    assert set(found.campaign.tolist()) == {-1}
    assert set(found.duplicate_of.tolist()) == {-1}


def test_a_term_that_all_use_is_no_template() -> None:
    texts = [
        "パートナーシップ宣誓制度を作ってください。病院で家族として扱ってもらえませんでした。",
        "パートナーシップ宣誓制度は国が法律で議論すべきことで、市が急ぐ必要はないと考えます。",
        "隣の市と同じパートナーシップ宣誓制度なら、引っ越しても続けて使えるので助かります。",
    ]
    assert find_duplicates(texts).campaign.tolist() == [-1, -1, -1]


def test_a_chain_of_half_alike_texts_is_no_campaign() -> None:
    sentences = [row.text for row in opinions("dev") if len(row.text) > 40][:40]
    chain = [one + other for one, other in pairwise(sentences)]
    campaign = find_duplicates(chain).campaign
    assert (campaign >= 0).mean() < 0.2


def test_a_campaign_keeps_its_members_in_any_order() -> None:
    texts, _ = mails("dev", count=6, seed=5)
    forward = find_duplicates(texts).campaign.tolist()
    backward = find_duplicates(texts[::-1]).campaign.tolist()[::-1]
    assert pair_score(forward, backward)[2] == 1


@pytest.mark.parametrize("texts", [[], [""], ["", "", ""], ["a"], ["\ud800"], ["保育園" * 400_000]])
def test_odd_texts_are_taken(texts: list[str]) -> None:
    found = find_duplicates(texts)
    assert len(found.duplicate_of) == len(found.campaign) == len(texts)
