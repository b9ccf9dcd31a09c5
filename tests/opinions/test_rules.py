"""Stance, urgency, routing and clauses on sentences written by hand.

The held-out halves were written after examples and thresholds were settled, and only their totals
are looked at. They have the same author as the examples: on the mail of a real city, expect less.
"""

from __future__ import annotations

from typing import get_args

import pytest

from bot import BadInput, Sheet
from skills.opinions.classifier import Classifier
from skills.opinions.clauses import Mapping, read_clauses
from skills.opinions.departments import NO_WORD, NOTHING_LEARNT, Router, read_duties, read_past
from skills.opinions.model import Stance
from skills.opinions.stance import stances
from skills.opinions.urgent import KINDS, THRESHOLD, urgency, urgent_kinds
from tests.opinions.consultation import opinions
from tests.opinions.tables import pairs, sentences

UNKNOWN, NOTHING = "不明", "なし"


def test_where_a_stance_is_decided_it_is_right_in_81_of_100() -> None:
    held_out = sentences("stance-held-out")
    taken = stances([text for _, text in held_out])
    decided = [
        label == stance for (label, _), stance in zip(held_out, taken, strict=True) if stance
    ]
    assert sum(decided) / len(decided) >= 0.81
    assert len(decided) / len(held_out) >= 0.4


def test_a_stance_that_cannot_be_told_is_mostly_left_open() -> None:
    unknown = [text for label, text in sentences("stance-held-out") if label == UNKNOWN]
    assert stances(unknown).count("") / len(unknown) >= 0.8


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("新しい条例に賛成します。", "賛成"),
        ("この計画には賛成できません。撤回してください。", "反対"),
        ("賛成ですが、費用の説明が足りません。", "条件付き"),
        ("賛成でも反対でもありません。", "中立"),
        ("図書館。", ""),
    ],
)
def test_plain_words_have_a_plain_stance(text: str, stance: str) -> None:
    assert stances([text]) == [stance]


def test_a_long_opinion_of_two_sides_is_left_open_or_conditional() -> None:
    before = "このたびの計画について、長く住んでいる者として意見を申し上げます。" * 3
    both = f"{before}図書館の改修に賛成します。プールの廃止には反対します。"
    agreed = f"{before}図書館の改修に賛成します。ただし、工事中の代わりの場所を用意してください。"
    assert stances([both, agreed]) == ["", "条件付き"]


def test_urgent_opinions_are_found_and_policies_are_not_taken_for_them() -> None:
    held_out = sentences("urgent-held-out")
    kinds = urgent_kinds([text for _, text in held_out])
    told = [
        (label != NOTHING, bool(kind)) for (label, _), kind in zip(held_out, kinds, strict=True)
    ]
    found = told.count((True, True))
    assert found / (found + told.count((True, False))) >= 0.85
    assert found / (found + told.count((False, True))) >= 0.8


def test_opinions_about_a_plan_are_seldom_urgent() -> None:
    everyday = [text for text, _ in pairs("past-held-out")]
    on_a_plan = [opinion.text for opinion in opinions("held-out")]
    for texts, most in ((everyday, 0.06), (on_a_plan, 0.12)):
        assert sum(map(bool, urgent_kinds(texts))) / len(texts) <= most


def test_the_kind_of_urgency_is_mostly_right_and_every_kind_is_named() -> None:
    urgent = [(label, text) for label, text in sentences("urgent-held-out") if label != NOTHING]
    found = [
        (KINDS[label], kind)
        for (label, _), kind in zip(urgent, urgent_kinds([text for _, text in urgent]), strict=True)
        if kind
    ]
    assert sum(label == kind for label, kind in found) / len(found) >= 0.8
    assert {kind for _, kind in found} == set(KINDS.values())


def test_the_surer_half_of_what_is_found_holds_more_that_is_urgent() -> None:
    mixed = [(label != NOTHING, text) for label, text in sentences("urgent-held-out")]
    mixed += [(False, opinion.text) for opinion in opinions("held-out")]
    found = []
    judged = urgency([text for _, text in mixed])
    for (is_urgent, _), (kind, score) in zip(mixed, judged, strict=True):
        assert (THRESHOLD <= score <= 1) if kind else (score == 0)
        if kind:
            found.append((score, is_urgent))
    found.sort(reverse=True)
    half = len(found) // 2
    surer, rest = ([is_urgent for _, is_urgent in part] for part in (found[:half], found[half:]))
    assert sum(surer) > sum(rest)


@pytest.mark.parametrize(
    "text",
    ["「死にたい」という題の本を図書館に置いてほしい。", "自殺対策の計画に賛成です。",
     "死ぬほど忙しい保育士の待遇を。",
     "私は死にたいわけではありません。窓口の数が足りないのです。"],
)  # fmt: skip
def test_policies_quotes_figures_and_negations_are_not_urgent(text: str) -> None:
    assert urgent_kinds([text]) == [""]


def test_a_greeting_does_not_hide_a_cry_for_help() -> None:
    text = "いつもありがとうございます。図書館をよく使います。夫に殴られています。"
    assert urgent_kinds([text, "", "いつもありがとうございます。"]) == ["虐待・暴力", "", ""]


@pytest.mark.parametrize("piece", ["賛成", "死ぬ。", "落ち", "「", "あ", "\n", "🎍", "\ud800"])
def test_judging_comes_to_an_end_on_a_text_made_to_stop_it(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    assert stances([text])[0] in get_args(Stance)
    assert urgent_kinds([text])[0] in (*KINDS.values(), "")


def test_the_same_examples_teach_the_same_judgement() -> None:
    examples = [("花", "桜が咲いた"), ("花", "梅の花"), ("魚", "鯛を釣った"), ("魚", "魚を釣った")]
    one, other = Classifier(examples), Classifier(examples)
    assert list(one.judge(["桜の花", "釣った鯛"])) == list(other.judge(["桜の花", "釣った鯛"]))
    assert [judgement.label for judgement in one.judge(["桜の花", "釣った鯛"])] == ["花", "魚"]
    assert sum(next(one.judge(["鯛"])).chances.values()) == pytest.approx(1)


def router() -> Router:
    return Router(pairs("past"), dict(pairs("duties")))


def test_the_department_is_among_three_candidates_of_16() -> None:
    asked = [(text, name) for text, name in pairs("past-held-out") if name]
    named = [[item.name for item in router().route(text)[0]] for text, _ in asked]
    right = sum(name in names for (_, name), names in zip(asked, named, strict=True))
    assert right / len(asked) >= 0.7
    assert all(len(names) <= 3 for names in named)


def test_what_belongs_to_nobody_goes_to_nobody_with_the_reason() -> None:
    nobody = [router().route(text) for text, name in pairs("past-held-out") if not name]
    refused = [reason for candidates, reason in nobody if not candidates]
    assert len(refused) / len(nobody) >= 0.5
    assert set(refused) == {NO_WORD}
    assert Router().route("道路の穴") == ((), NOTHING_LEARNT)


def test_a_candidate_comes_with_the_words_that_speak_for_it() -> None:
    (first, *_), _ = router().route("給食費を無償にしてください。")
    assert first.name == "学校教育課"
    assert "給食" in first.reason


def test_tables_of_past_assignments_and_duties_are_read_as_offices_write_them() -> None:
    past = Sheet(
        "", (("No", "意見の内容", "担当課"), ("1", "道に穴", "道路河川課"), ("2", "", "市民課"))
    )
    assert read_past([past]) == [("道に穴", "道路河川課")]
    rows = (("課名", "分掌事務"), ("市民課", "戸籍"), ("", "住民票"), ("税務課", "市税"))
    duties = Sheet("", rows, merges=((1, 0, 2, 0),))
    assert read_duties([duties]) == {"市民課": "戸籍、住民票", "税務課": "市税"}
    with pytest.raises(BadInput) as caught:
        read_past([Sheet("", (("番号", "本文"), ("1", "道に穴")))])
    assert "担当課" in caught.value.remedy


PLAN = """みはらし市地域公共交通計画（素案）
目次
第1章 計画の目的 ........ 1
第1章 計画の目的
この計画は、移動の手段を守ることを目的とします。
第2章 路線バス
施策1 運行本数の見直し
利用の少ない時間帯の便を減らし、通院と通学の時間帯を厚くします。
施策2 運賃
高校生の定期券に補助を行います。
第三章 駅と自転車
駐輪場を増やし、駅にエレベーターを設置します。
"""


def test_a_plan_is_cut_at_its_headings_and_the_table_of_contents_is_not_read() -> None:
    assert [clause.name for clause in read_clauses(PLAN)] == [
        "第1章 計画の目的", "第2章 路線バス", "第2章 路線バス ＞ 施策1 運行本数の見直し",
        "第2章 路線バス ＞ 施策2 運賃", "第三章 駅と自転車",
    ]  # fmt: skip
    assert read_clauses("見出しのない文章です。") == ()


@pytest.mark.parametrize(
    ("text", "section", "clause"),
    [
        ("駐輪場がいつも満車です。", "", "第三章 駅と自転車"),
        ("高校生の定期券は高すぎます。", "", "第2章 路線バス ＞ 施策2 運賃"),
        ("賛成です。", "第3章", "第三章 駅と自転車"),
        ("施策１は見直すべきです。", "", "第2章 路線バス ＞ 施策1 運行本数の見直し"),
        ("ありがとうございました。", "", None),
    ],
)
def test_an_opinion_finds_its_clause_or_none(text: str, section: str, clause: str | None) -> None:
    found = Mapping(read_clauses(PLAN)).clause(text, section)
    assert (found.name if found else None) == clause
