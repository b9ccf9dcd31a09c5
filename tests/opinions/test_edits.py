"""Edits of topics: what they change, and that they find their topic again in another file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot import BadInput
from skills.opinions import editing
from skills.opinions.edits import Applied, Edit, apply, digest
from skills.opinions.model import ISOLATED, Analysis, Topic
from tests.opinions.invented import SUBJECTS, TEMPLATE, invent

LIGHTS, BUSES, NURSERIES = range(3)
# In `invent` the parts of topic n stand behind all topics.
FIRST_PART = len(SUBJECTS)


def topic(applied: Applied, number: int) -> Topic:
    return applied.analysis.topic_by_id[number]


def shuffled(analysis: Analysis, new: Analysis | None = None) -> Analysis:
    """The same opinions in the opposite order, their rows and topics numbered anew.

    With `new`, its opinions come on top: a longer file.
    """
    top = max(item.id for item in analysis.topics)
    more = [
        replace(opinion, id=f"新{opinion.id}", masked=f"追加：{opinion.masked}")
        for opinion in (new.opinions if new else ())
    ]
    more = [replace(item, claims=(replace(item.claims[0], masked=item.masked),)) for item in more]
    opinions = tuple(
        replace(
            opinion,
            row=row,
            claims=tuple(
                replace(claim, topic=top - claim.topic if claim.topic >= 0 else ISOLATED)
                for claim in opinion.claims
            ),
        )
        for row, opinion in enumerate([*reversed(analysis.opinions), *more], 2)
    )
    topics = tuple(
        replace(
            item,
            id=top - item.id,
            parent=top - item.parent if item.parent >= 0 else -1,
        )
        for item in analysis.topics
    )
    source = replace(analysis.source, input_rows=len(opinions))
    return Analysis(source, opinions, topics=topics)


def start(analysis: Analysis) -> Applied:
    return apply(analysis, [])


def test_without_edits_nothing_changes_but_the_order() -> None:
    analysis = invent(300)
    after = start(analysis).analysis
    assert after.opinions == analysis.opinions
    assert {item.id: item for item in after.topics} == {item.id: item for item in analysis.topics}


def test_a_new_name_stays_after_a_rerun_in_which_every_number_changed() -> None:
    analysis = invent(300)
    edit = editing.rename(start(analysis), LIGHTS, "夜の道の明かり")
    again = apply(shuffled(analysis, invent(80, seed=9)), [edit])
    named = [item for item in again.analysis.topics if item.label == "夜の道の明かり"]
    assert len(named) == 1
    words = {claim.masked for _, claim in analysis.members[LIGHTS]}
    found = {claim.masked for _, claim in again.analysis.members[named[0].id]}
    assert words <= found


@pytest.mark.parametrize("label", ["", "  ", "あ" * 16])
def test_a_name_is_one_to_fifteen_letters(label: str) -> None:
    with pytest.raises(BadInput) as caught:
        editing.rename(start(invent(60)), LIGHTS, label)
    assert "15文字" in caught.value.remedy


def test_merging_moves_all_members_and_keeps_every_claim() -> None:
    analysis = invent(300)
    edits = editing.merge(start(analysis), LIGHTS, [BUSES, NURSERIES])
    after = apply(analysis, edits)
    counts = [analysis.topic_by_id[number].count for number in (LIGHTS, BUSES, NURSERIES)]
    assert topic(after, LIGHTS).count == sum(counts)
    assert BUSES not in after.analysis.topic_by_id
    assert sum(item.count for item in after.analysis.topics if item.parent < 0) == sum(
        item.count for item in analysis.topics if item.parent < 0
    )


def test_a_part_is_merged_into_its_whole() -> None:
    analysis = invent(300)
    after = apply(analysis, editing.merge(start(analysis), LIGHTS, [FIRST_PART]))
    assert topic(after, LIGHTS).count == analysis.topic_by_id[LIGHTS].count
    assert FIRST_PART not in after.analysis.topic_by_id
    assert topic(after, FIRST_PART + 1).parent == LIGHTS


def test_a_topic_is_not_merged_into_itself() -> None:
    for others in ([], [LIGHTS]):
        with pytest.raises(BadInput):
            editing.merge(start(invent(60)), LIGHTS, others)


def test_splitting_makes_the_parts_topics_of_their_own() -> None:
    analysis = invent(300)
    after = apply(analysis, [editing.split(start(analysis), LIGHTS)])
    labels = [item.label for item in after.analysis.topics if item.parent < 0]
    assert "夜間の街灯" not in labels
    assert {"夜間の街灯（要望）", "夜間の街灯（困りごと）"} <= set(labels)
    before = {claim.masked for _, claim in analysis.members[LIGHTS]}
    made = [item.id for item in after.analysis.topics if item.label.startswith("夜間の街灯")]
    assert before == {
        claim.masked for number in made for _, claim in after.analysis.members[number]
    }


def test_a_split_says_the_same_of_a_longer_file() -> None:
    analysis = invent(300)
    edit = editing.split(start(analysis), LIGHTS)
    again = apply(shuffled(analysis, invent(80, seed=9)), [edit]).analysis
    for label in ("夜間の街灯（要望）", "夜間の街灯（困りごと）"):
        old = next(item.id for item in analysis.topics if item.label == label)
        new = next(item.id for item in again.topics if item.label == label and item.parent < 0)
        words = {claim.masked for _, claim in analysis.members[old]}
        assert words <= {claim.masked for _, claim in again.members[new]}


def test_what_is_all_alike_cannot_be_split() -> None:
    analysis = invent(60)
    alike = tuple(
        replace(opinion, masked=TEMPLATE, claims=(replace(opinion.main, masked=TEMPLATE, topic=0),))
        for opinion in analysis.opinions
    )
    analysis = replace(analysis, opinions=alike, topics=analysis.topics[:1])
    with pytest.raises(BadInput) as caught:
        editing.split(start(analysis), 0)
    assert "分けられません" in caught.value.remedy


def test_an_opinion_moves_with_all_that_say_the_same_and_no_other() -> None:
    analysis = invent(300)
    same = [opinion.id for opinion in analysis.opinions if opinion.masked == TEMPLATE]
    assert len(same) == 15
    after = apply(analysis, [editing.move(start(analysis), TEMPLATE, BUSES)]).analysis
    moved = [
        new.id
        for old, new in zip(analysis.opinions, after.opinions, strict=True)
        if old.main.topic != new.main.topic
    ]
    assert moved == same
    assert {after.by_id[one].main.topic for one in same} == {BUSES}


def test_an_opinion_moves_to_a_new_topic_or_out_of_all() -> None:
    analysis = invent(300)
    after = apply(analysis, [editing.move(start(analysis), TEMPLATE, ISOLATED, "手続きへの不満")])
    made = next(item for item in after.analysis.topics if item.label == "手続きへの不満")
    assert made.count == 15
    assert made.voices == 1
    assert made.excerpt == TEMPLATE
    alone = apply(analysis, [editing.move(start(analysis), TEMPLATE, ISOLATED)]).analysis
    assert {opinion.main.topic for opinion in alone.opinions if opinion.masked == TEMPLATE} == {
        ISOLATED
    }


def test_words_that_nobody_wrote_cannot_be_moved() -> None:
    with pytest.raises(BadInput):
        editing.move(start(invent(60)), "だれも書いていない", BUSES)


def test_a_locked_topic_keeps_members_and_name_when_a_rerun_scatters_them() -> None:
    analysis = invent(300)
    edit = editing.lock(start(analysis), LIGHTS)
    members = {claim.masked for _, claim in analysis.members[LIGHTS]}
    scattered = replace(
        analysis,
        opinions=tuple(
            replace(
                opinion,
                claims=tuple(
                    replace(claim, topic=[BUSES, NURSERIES, ISOLATED][at % 3])
                    for claim in opinion.claims
                ),
            )
            for at, opinion in enumerate(analysis.opinions)
        ),
    )
    after = apply(scattered, [edit])
    (number,) = after.locked
    assert topic(after, number).label == "夜間の街灯"
    assert members <= {claim.masked for _, claim in after.analysis.members[number]}


Try = Callable[[Applied], object]


@pytest.mark.parametrize(
    "attempt",
    [
        lambda applied: editing.rename(applied, LIGHTS, "別の名前"),
        lambda applied: editing.merge(applied, LIGHTS, [BUSES]),
        lambda applied: editing.merge(applied, BUSES, [LIGHTS]),
        lambda applied: editing.split(applied, LIGHTS),
        lambda applied: editing.move(applied, TEMPLATE, BUSES),
    ],
)
def test_a_locked_topic_is_not_changed_until_it_is_unlocked(attempt: Try) -> None:
    analysis = invent(300)
    lock = editing.lock(start(analysis), LIGHTS)
    locked = apply(analysis, [lock])
    with pytest.raises(BadInput) as caught:
        attempt(locked)
    assert "固定を解除" in caught.value.remedy
    attempt(apply(analysis, [lock, editing.unlock(locked, LIGHTS)]))


def test_only_what_is_locked_can_be_unlocked() -> None:
    with pytest.raises(BadInput):
        editing.unlock(start(invent(60)), LIGHTS)


def test_an_answer_is_kept_with_its_topic_in_another_file() -> None:
    analysis = invent(300)
    edit = editing.answer(start(analysis), LIGHTS, " 街灯を増やします。", "反映", "有")
    again = apply(shuffled(analysis), [edit]).analysis
    told = [item for item in again.topics if item.answer]
    assert [(item.label, item.answer, item.handling, item.changed) for item in told] == [
        ("夜間の街灯", "街灯を増やします。", "反映", "有")
    ]


def test_an_edit_whose_topic_is_not_there_is_left_out_and_named() -> None:
    edit = editing.rename(start(invent(300)), LIGHTS, "夜の道の明かり")
    other = invent(300, seed=99)
    words = tuple(
        replace(item, claims=(replace(item.main, masked=f"別の話{at}"),))
        for at, item in enumerate(other.opinions)
    )
    after = apply(replace(other, opinions=words), [edit])
    assert after.lost == (0,)
    assert all(item.label != "夜の道の明かり" for item in after.analysis.topics)


def test_edits_survive_being_kept_as_json() -> None:
    analysis = invent(300)
    applied = start(analysis)
    edits = [
        editing.split(applied, LIGHTS),
        editing.lock(applied, BUSES),
        editing.answer(applied, NURSERIES, "枠を増やします。", "一部反映", "無"),
        editing.inquire(applied, NURSERIES, "こども課", "2026-12-10", "inquiry/1/1"),
    ]
    kept = [Edit.from_json(json.loads(json.dumps(edit.to_json()))) for edit in edits]
    assert kept == edits
    assert apply(analysis, kept) == apply(analysis, edits)


def test_numbers_that_people_use_stay_when_topics_go_and_come() -> None:
    analysis = invent(300)
    first = start(analysis)
    assert first.numbers[BUSES] == "2"
    assert first.numbers[FIRST_PART + 3] == "2-2"
    edits = editing.merge(first, BUSES, [LIGHTS])
    merged = apply(analysis, edits)
    assert merged.numbers[BUSES] == "2"
    moved = editing.move(merged, TEMPLATE, ISOLATED, "手続きへの不満")
    after = apply(analysis, [*edits, moved])
    made = next(item for item in after.analysis.topics if item.label == "手続きへの不満")
    assert after.numbers[made.id] == str(len(SUBJECTS) + 1)


def test_a_digest_sees_through_width_blanks_and_numbered_placeholders() -> None:
    assert digest("電話は〈電話12〉 です。ＡＢＣ") == digest("電話は〈電話3〉です。ABC")
    assert digest("電話は〈電話1〉です。") != digest("電話は〈住所1〉です。")
