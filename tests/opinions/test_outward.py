"""Cross-tabs, waves and what is published."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from bot import BadInput
from skills.opinions import publishing, waves
from skills.opinions.crosstabs import (
    HELD_BACK,
    SMALLEST,
    Crosstab,
    as_csv,
    as_lines,
    cross,
    hold_back,
)
from skills.opinions.model import Analysis, Columns, Opinion
from skills.opinions.publishing import clear
from tests.opinions.invented import AGES, TEMPLATE, invent


def test_a_crosstab_counts_voices_of_each_topic_by_value() -> None:
    analysis = invent(400)
    table = cross(analysis, "年代")
    assert set(table.values) == set(AGES)
    at = table.topics.index("コミュニティバス")
    expected = {(opinion.voice, opinion.attributes["年代"]) for opinion, _ in analysis.members[1]}
    assert sum(cell or 0 for cell in table.cells[at]) == len(expected)


def test_what_is_not_written_is_a_column_of_its_own() -> None:
    analysis = invent(60)
    first = replace(analysis.opinions[0], attributes={})
    table = cross(replace(analysis, opinions=(first, *analysis.opinions[1:])), "年代")
    assert table.values[-1] == "（記載なし）"


def test_an_attribute_that_is_not_there_or_has_too_many_values_is_explained() -> None:
    with pytest.raises(BadInput) as caught:
        cross(invent(30), "職業")
    assert "年代、地区" in caught.value.remedy
    analysis = invent(60)
    free = tuple(replace(item, attributes={"年代": item.id}) for item in analysis.opinions)
    with pytest.raises(BadInput) as caught:
        cross(replace(analysis, opinions=free), "年代")
    assert "60種類" in caught.value.remedy


def table_of(*rows: tuple[int, ...]) -> Crosstab:
    topics = tuple(f"話題{at}" for at in range(len(rows)))
    values = tuple(f"値{at}" for at in range(len(rows[0])))
    return Crosstab("年代", topics, values, rows)


def test_small_cells_and_one_more_are_held_back_so_that_no_sum_gives_them_away() -> None:
    before = table_of((10, 3, 20), (8, 9, 30), (40, 12, 7))
    after = hold_back(before)
    assert after.cells[0][1] is None
    lines = [*after.cells, *zip(*after.cells, strict=True)]
    assert all(line.count(None) != 1 for line in lines)
    shown = [
        (row, column)
        for row, column in product(range(3), range(3))
        if after.cells[row][column] is not None
    ]
    assert all(after.cells[row][column] == before.cells[row][column] for row, column in shown)
    assert shown


def test_zero_is_shown_and_five_is_shown() -> None:
    after = hold_back(table_of((0, SMALLEST), (SMALLEST, 0)))
    assert after.cells == ((0, 5), (5, 0))


def test_a_table_in_a_file_shows_crosses_and_runs_no_formula() -> None:
    table = replace(table_of((1, 1), (1, 1)), values=("=1+1", "@x"), topics=("+1", "話題"))
    text = as_csv(hold_back(table)).decode("utf-8-sig")
    assert text.splitlines()[0] == "話題,'=1+1,'@x"
    assert text.splitlines()[1] == f"'+1,{HELD_BACK},{HELD_BACK}"


def test_a_long_table_says_in_the_chat_how_much_is_left() -> None:
    lines = as_lines(table_of(*[(5, 0)] * 25))
    assert lines[0] == "- **話題0**：値0 5"
    assert lines[-1] == "- ほか5話題はファイルにあります"


def wave(count: int, *, without: int = -1, seed: int = 7) -> Analysis:
    """A wave in which nobody spoke of one topic."""
    analysis = invent(count, seed)
    opinions = [
        opinion
        for opinion in analysis.opinions
        if without < 0 or without not in (opinion.main.topic, _whole(opinion))
    ]
    source = replace(analysis.source, input_rows=len(opinions))
    topics = tuple(topic for topic in analysis.topics if without not in (topic.id, topic.parent))
    return replace(analysis, source=source, opinions=tuple(opinions), topics=topics)


def _whole(opinion: Opinion) -> int:
    return (opinion.main.topic - 8) // 2


def test_a_topic_that_came_and_one_that_went_are_told_apart_from_the_rest() -> None:
    before, after = wave(400, without=3), wave(500, without=5, seed=8)
    found = {one.label: one for one in waves.compare(before, after).changes}
    assert found["図書館の開館時間"].kind == "新規"
    assert found["公園の遊具"].kind == "消滅"
    rest = set(found) - {"図書館の開館時間", "公園の遊具"}
    assert len(rest) == 6
    for label in rest:
        assert found[label].kind in ("増加", "減少", "同じ")
        assert found[label].before > 0


def test_the_same_file_twice_has_nothing_new() -> None:
    found = waves.compare(invent(300), invent(300))
    assert {one.kind for one in found.changes} == {"同じ"}
    assert (found.new_opinions, found.gone_opinions) == (0, 0)
    assert found.before == found.after == invent(300).voices


def test_a_topic_with_another_name_is_known_by_its_words() -> None:
    before = invent(300)
    renamed = replace(before.topics[0], label="明かりの要望")
    after = replace(before, topics=(renamed, *before.topics[1:]))
    one = waves.compare(before, after).changes[0]
    assert (one.kind, one.label, one.was) == ("同じ", "明かりの要望", "夜間の街灯")


def urgent_one(analysis: Analysis) -> Analysis:
    first = replace(analysis.opinions[0], urgent="生命・安全")
    return replace(analysis, opinions=(first, *analysis.opinions[1:]))


def texts_of(analysis: Analysis) -> set[str]:
    found = set()
    for opinion in analysis.opinions:
        found |= {opinion.text, opinion.masked, *(claim.masked for claim in opinion.claims)}
    return found - {""}


@pytest.mark.parametrize("scope", list(publishing.SCOPES))
def test_nothing_published_leads_back_to_a_person(scope: publishing.Scope) -> None:
    analysis = urgent_one(invent(200))
    public = clear(analysis, scope)
    assert all(not item.date and not item.attributes for item in public.opinions)
    assert all(item.id.isdecimal() and not item.urgent for item in public.opinions)
    assert public.source.columns.attributes == ()
    assert analysis.source.file not in str(public.source)
    assert analysis.opinions[0].masked not in texts_of(public)


def test_labels_alone_carry_no_words_of_anyone() -> None:
    public = clear(invent(200), "labels")
    assert texts_of(public) == set()
    assert all(topic.excerpt == "" for topic in public.topics)


def test_quotes_are_of_topics_that_more_than_one_voice_speaks_of() -> None:
    analysis = invent(200)
    lonely = replace(analysis.topics[2], voices=1)
    topics = (*analysis.topics[:2], lonely, *analysis.topics[3:])
    public = clear(replace(analysis, topics=topics), "quotes")
    assert texts_of(public) == set()
    assert public.topics[0].excerpt == analysis.topics[0].excerpt
    assert public.topics[2].excerpt == ""


def test_full_texts_are_the_masked_ones_only() -> None:
    analysis = invent(60)
    secret = replace(analysis.opinions[1], text="山田太郎です。" + analysis.opinions[1].masked)
    opinions = (analysis.opinions[0], secret, *analysis.opinions[2:])
    public = clear(replace(analysis, opinions=opinions), "texts")
    assert TEMPLATE in texts_of(public)
    assert not any("山田" in text for text in texts_of(public))


def test_counts_stay_when_words_go() -> None:
    analysis = invent(200)
    public = clear(analysis, "labels")
    assert public.voices == analysis.voices
    assert [topic.count for topic in public.topics] == [item.count for item in analysis.topics]
    assert isinstance(public.source.columns, Columns)
