"""From rows to an analysis: everything is accounted for, and personal data is out of the way."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bot import Sheet
from skills.opinions.analysis import Options, analyse_vectors, excerpt
from skills.opinions.claims import split
from skills.opinions.clauses import read_clauses
from skills.opinions.model import ISOLATED, VECTORS, Analysis
from tests.opinions.tables import HEADER, TEXTS, analysed, pairs, sheet

PHONE = "090-1234-5678"
SEVERAL = (
    "三点申し上げます。田中花子様へ、連絡先は090-1234-5678です。\n"
    "1. 図書館の開館時間を延ばしてほしい。\n"
    "2. 山田太郎様の家の前の道路の穴を直してほしい。\n"
    "3. 給食を無償にしてほしい。"
)
PLAN = "第1章 図書館\n開館時間と蔵書を見直します。\n第2章 公園\n遊具を点検します。\n"


def test_every_row_is_an_opinion_or_an_error() -> None:
    analysis = analysed([*TEXTS, "", TEXTS[0], "長" * 200_000])
    rows = {item.row for item in (*analysis.opinions, *analysis.errors)}
    assert rows == set(range(2, 11))
    assert analysis.source.input_rows == len(analysis.opinions) + len(analysis.errors) == 9


def test_an_analysis_that_lost_a_row_cannot_be_made() -> None:
    analysis = analysed()
    with pytest.raises(ValueError, match="6 rows in, 5 accounted for"):
        replace(analysis, opinions=analysis.opinions[1:])
    with pytest.raises(ValueError, match="accounted"):
        replace(analysis, opinions=(*analysis.opinions[1:], analysis.opinions[1]))


def test_personal_data_stays_in_the_original_only() -> None:
    opinion = analysed([*TEXTS, SEVERAL]).opinions[-1]
    assert opinion.text == SEVERAL
    for words in (opinion.masked, *(claim.masked for claim in opinion.claims)):
        assert PHONE not in words
        assert "山田太郎" not in words
    assert "〈電話1〉" in opinion.masked


def test_attributes_and_places_are_masked_too_and_names_are_not_read() -> None:
    rows = [
        (f"{n}", "10月1日", "佐藤次郎", f"連絡は{PHONE}へ", "第1章", TEXTS[n]) for n in range(6)
    ]
    analysis = analysed(made=Sheet("", (HEADER, *rows)))
    kept = json.dumps([dict(opinion.attributes) for opinion in analysis.opinions])
    assert PHONE not in kept
    assert "佐藤次郎" not in analysis.dump()


def test_each_claim_is_a_span_of_the_original() -> None:
    opinion = analysed([*TEXTS, SEVERAL]).opinions[-1]
    pieces = [opinion.text[claim.start : claim.end] for claim in opinion.claims]
    assert len(pieces) == 3
    assert pieces[0].endswith("図書館の開館時間を延ばしてほしい。")
    assert pieces[1] == "2. 山田太郎様の家の前の道路の穴を直してほしい。"
    assert pieces[2] == "3. 給食を無償にしてほしい。"


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("バスを増やしてください。また、公園のトイレを直してほしいです。", 2),
        ("バスを増やしてください。また、バスの運賃も下げてください。", 1),
        ("①駐車場が狭いです。②職員の対応はよかったです。", 2),
        ("①の案に賛成です。", 1),
        ("第2章の目標が低い。第4章の防災の記述は評価します。", 2),
        ("令和8年\n1. 賛成", 1),
        ("・賛成\n・反対", 1),
        ("図書館を残してください。\n\n子どもの居場所だからです。", 1),
        ("", 1),
    ],
)
def test_a_comment_is_cut_only_where_it_says_that_it_goes_on_to_something_else(
    text: str, claims: int
) -> None:
    spans = split(text)
    assert len(spans) == claims
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())


def test_repeats_count_once_in_the_real_number_and_all_in_the_other() -> None:
    analysis = analysed([*TEXTS, *[TEXTS[2]] * 5])
    assert len(analysis.opinions) == 11
    assert analysis.voices == 6
    assert [opinion.duplicate_of for opinion in analysis.opinions[6:]] == ["A-3"] * 5
    topic = analysis.opinions[2].main.topic
    members = analysis.members[topic]
    assert sum(opinion.main.masked == TEXTS[2] for opinion, _ in members) == 6
    if topic != ISOLATED:
        counted = analysis.topic_by_id[topic]
        assert counted.count - counted.voices == 5


def test_topics_and_isolated_claims_add_up_to_all_claims() -> None:
    texts = [text for text, _ in pairs("past")]
    analysis = analysed([*texts, SEVERAL])
    tops = [topic for topic in analysis.topics if topic.parent < 0]
    alone = len(analysis.members[ISOLATED])
    assert sum(topic.count for topic in tops) + alone == analysis.claims == len(texts) + 3
    for topic in analysis.topics:
        assert topic.count == len(analysis.members[topic.id]) >= topic.voices > 0
        assert topic.representative in {opinion.id for opinion, _ in analysis.members[topic.id]}
        assert len(topic.label) <= 15


def test_the_same_file_gives_the_same_analysis() -> None:
    texts = [text for text, _ in pairs("past")]
    assert analysed(texts).dump() == analysed(texts).dump()


def test_an_analysis_survives_being_written_and_read() -> None:
    options = Options(tuple(pairs("past")), dict(pairs("duties")), read_clauses(PLAN))
    analysis = analysed([*TEXTS, TEXTS[0], "", SEVERAL], options=options)
    assert Analysis.from_json(json.loads(analysis.dump())) == analysis
    with pytest.raises(ValueError, match="format"):
        Analysis.from_json({"format": 0})


def test_what_is_known_beside_the_file_is_used() -> None:
    options = Options(tuple(pairs("past")), dict(pairs("duties")), read_clauses(PLAN))
    rows = [(*row[:4], "", row[5]) for row in sheet().rows[1:]]
    first = analysed(made=Sheet("", (HEADER, *rows)), options=options).opinions[0].main
    assert first.departments[0].name == "図書館"
    assert first.clause is not None
    assert first.clause.name == "第1章 図書館"


def test_no_more_than_one_opinion_is_enough() -> None:
    analysis = analysed(TEXTS[:1])
    assert analysis.topics == ()
    assert analysis.path(analysis.opinions[0].main.topic) == ("個別の意見",)


def test_vectors_alone_are_grouped_and_placed() -> None:
    chance = np.random.default_rng(5)
    centres = np.repeat(np.eye(4, 32, dtype=np.float32), 40, axis=0)
    vectors = centres + chance.normal(scale=0.05, size=centres.shape).astype(np.float32)
    analysis = analyse_vectors("v.npy", vectors)
    assert analysis.engine == VECTORS
    assert [opinion.row for opinion in analysis.opinions] == list(range(1, 161))
    found = [opinion.main.topic for opinion in analysis.opinions]
    assert len({tuple(found[at : at + 40]) for at in range(0, 160, 40)}) == 4
    assert sum(topic.count for topic in analysis.topics if topic.parent < 0) <= 160


def test_an_excerpt_ends_with_a_sentence_where_it_can() -> None:
    assert excerpt("短い。") == "短い。"
    assert excerpt("あ" * 120 + "。" + "い" * 200) == "あ" * 120 + "。"
    assert excerpt("あ" * 300) == "あ" * 199 + "…"


@pytest.mark.parametrize(
    "piece", ["また、道が狭い。", "①", "・道\n", "第2章、", "〈電話1〉また、090-1234-5678。"]
)
def test_a_very_long_opinion_is_cut_and_pointed_at_all_the_same(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    opinion = analysed([*TEXTS, text]).opinions[-1]
    assert "".join(opinion.text[claim.start : claim.end] for claim in opinion.claims).replace(
        "\n", ""
    ) == text.replace("\n", "")
