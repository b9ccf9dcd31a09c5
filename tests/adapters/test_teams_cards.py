"""A reply as a person reads it in Teams."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.teams import forms
from bot.adapters.teams.cards import ACTIVITY_BYTES, activities, plain_activity
from bot.messages import Action, Card, Field, Form, Reply, Source

SOURCE = Source(
    1, "職員服務規程", "第4章 休暇 ＞ 第23条", "夏季休暇は5日の範囲内とする。", "p1", "p.4",
    "2026-03-24", "2",
)  # fmt: skip
REPLY = Reply(
    "該当する箇所が見つかりました。次のとおりです。\n> **夏季休暇は5日**です。〔1〕\n- 1日単位",
    sources=(SOURCE,),
    card=Card("夏季休暇", (("日数", "5日"),)),
    actions=(Action("feedback", "役に立った", "good"), Action("share", "共有", "", "primary")),
    suggestions=("病気休暇は何日ですか",),
    notice="文書の該当箇所をそのまま示しています。",
    turn="turn-1",
)
TEXTS = st.text(max_size=300)


def cards(reply: Reply, **options: Any) -> list[Any]:
    return [message["attachments"][0]["content"] for message in activities(reply, **options)]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from walk(item)


def shown(reply: Reply) -> str:
    """Every run of text, in the order it is read."""
    return "".join(item["text"] for card in cards(reply) for item in walk(card["body"])
                   if item.get("type") in ("TextRun", "TextBlock"))  # fmt: skip


def test_an_answer_shows_text_table_sources_notice_and_reference_number() -> None:
    words = shown(REPLY)
    for part in (
        "該当する箇所が見つかりました。", "夏季休暇は5日", "1日単位",
        "〔1〕 職員服務規程 ＞ 第4章 休暇 ＞ 第23条 p.4（2026-03-24 改正）",
        "夏季休暇は5日の範囲内とする。", "文書の該当箇所をそのまま", "受付番号 turn-1",
    ):  # fmt: skip
        assert part in words
    facts = [item["facts"] for item in walk(cards(REPLY)) if item.get("type") == "FactSet"]
    assert facts == [[{"title": "日数", "value": "5日"}]]


def test_bold_is_bold_and_its_marks_are_gone() -> None:
    runs = [item for item in walk(cards(REPLY)) if item.get("type") == "TextRun"]
    assert next(run["text"] for run in runs if run.get("weight") == "Bolder") == "夏季休暇は5日"
    assert "**" not in shown(REPLY)


def test_an_unpaired_mark_stays_text() -> None:
    assert "2**3" in shown(Reply("2**3 は8です。"))


def test_a_source_opens_its_quote_when_pressed() -> None:
    toggles = [i for i in walk(cards(REPLY)) if i.get("type") == "Action.ToggleVisibility"]
    hidden = [i["id"] for i in walk(cards(REPLY)) if i.get("isVisible") is False]
    assert [toggle["targetElements"] for toggle in toggles] == [hidden]


def test_a_notification_says_the_first_sentence() -> None:
    assert activities(REPLY)[0]["summary"] == "該当する箇所が見つかりました。"
    assert activities(replace(REPLY, summary="5日です。詳しくは"))[0]["summary"] == "5日です。"
    assert "text" not in activities(REPLY)[0]


def test_a_button_hands_back_its_name_value_and_turn() -> None:
    buttons = [item for item in walk(cards(REPLY)) if item.get("type") == "Action.Execute"]
    assert [button["data"] for button in buttons] == [
        {"name": "feedback", "value": "good", "turn": "turn-1"},
        {"name": "share", "value": "", "turn": "turn-1"},
        {"name": "ask", "value": "病気休暇は何日ですか", "turn": "turn-1"},
    ]
    assert buttons[1]["style"] == "positive"


def test_a_pressed_question_is_shown_above_its_answer() -> None:
    first = cards(REPLY, asked="田中さんのご質問：病気休暇")[0]["body"][0]
    assert first["inlines"][0]["text"] == "田中さんのご質問：病気休暇"


def test_what_a_model_wrote_is_labelled_and_what_it_did_not_is_not() -> None:
    written = activities(replace(REPLY, engine="some-model"))[0]["entities"][0]
    quoted = activities(REPLY)[0]["entities"][0]
    assert written["additionalType"] == ["AIGeneratedContent"]
    assert "additionalType" not in quoted
    assert quoted["citation"][0]["position"] == 1
    assert quoted["citation"][0]["appearance"]["name"].startswith("職員服務規程")


def test_a_long_answer_is_cut_after_sentences_into_several_messages() -> None:
    text = "これは長い文です。" * 2_000
    reply = Reply(text, status="help")
    parts = activities(reply)
    assert len(parts) > 1
    assert all(len(json.dumps(part)) < ACTIVITY_BYTES for part in parts)
    assert shown(reply) == text
    blocks = [item for item in walk(cards(reply)) if item.get("type") == "TextRun"]
    assert all(block["text"].endswith("。") for block in blocks)


def test_a_link_appears_only_for_a_source_on_our_own_host() -> None:
    def links(link: str) -> list[str]:
        reply = replace(REPLY, sources=(replace(SOURCE, link=link),))
        found = walk(cards(reply, link_hosts=("shomu.city.example",)))
        return [item["url"] for item in found if item.get("type") == "Action.OpenUrl"]

    assert links("https://shomu.city.example/d/1") == ["https://shomu.city.example/d/1"]
    for foreign in (
        "https://evil.example/",
        "http://shomu.city.example/",
        "https://shomu.city.example@evil.example/",
        "javascript:alert(1)",
        "https://[broken",
    ):
        assert links(foreign) == []


HOSTILE = st.sampled_from(
    [
        "<at>全員</at>", "<AT id=1>x</AT>", "![x](https://evil.example/p.png)",
        "[押して](https://evil.example/)", "[x][y]\n[y]: https://evil.example/",
        "<https://evil.example/>",
        "**", "> ", "- ", "\n", "。", "〔1〕", "\x00", "\u202e", "\ud800",
        "<img src=https://evil.example/>", "{{DATE(1)}}",
    ]
)  # fmt: skip
WORDS = st.lists(st.one_of(HOSTILE, st.text(max_size=40)), max_size=12).map("".join)


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS, WORDS, WORDS)
def test_no_words_become_a_mention_an_image_or_a_foreign_link(
    text: str, heading: str, quote: str, value: str
) -> None:
    source = replace(SOURCE, document=heading, quote=quote, link=f"https://evil.example/{value}")
    reply = Reply(
        text, (source,), Card(heading, ((value, quote),)), (Action("x", value, value),), (quote,),
        engine="model", notice=text, summary=heading, turn="t",
        form=Form("f", heading, (Field("a", value, hint=quote),)),
    )  # fmt: skip
    messages = activities(reply, asked=value, link_hosts=("ours.example",))
    for message in [*messages, plain_activity(text), forms.form_card(reply.form or FORM, "t")]:
        elements = list(walk(_without_data(message)))
        kinds = {element.get("type") for element in elements}
        assert not kinds & {"Image", "ImageSet", "Media", "Action.OpenUrl"}
        assert not any("msteams" in e and "entities" in e["msteams"] for e in elements)
        assert not re.search(r"</?at\b", json.dumps(_without_data(message)), re.IGNORECASE)
        for element in elements:
            if element.get("type") == "TextBlock" or "facts" in element:
                assert not re.search(r"\]\(|\]\[|<", json.dumps(element))
        json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _without_data(value: Any) -> Any:
    """What is shown: the data a button hands back is not."""
    if isinstance(value, dict):
        return {key: _without_data(item) for key, item in value.items() if key != "data"}
    return [_without_data(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=60, deadline=None)
@given(
    st.text(min_size=0, max_size=3_000),
    st.lists(st.text(min_size=500, max_size=900), max_size=30),
)
def test_every_message_stays_under_the_limit_of_teams(text: str, quotes: list[str]) -> None:
    sources = tuple(replace(SOURCE, number=n, quote=q) for n, q in enumerate(quotes, 1))
    rows = tuple((quote[:60], quote) for quote in quotes)
    reply = replace(REPLY, text=text * 3, sources=sources, card=Card("表", rows))
    for message in activities(reply):
        assert len(json.dumps(message)) < ACTIVITY_BYTES


FORM = Form(
    "trip",
    "出張の申請",
    (
        Field("to", "行き先"),
        Field("on", "出張日", "date"),
        Field("how", "交通手段", "choice", choices=("電車", "公用車")),
        Field("why", "用務", "text", required=False, hint="例：研修"),
    ),
    "下書きを作る",
)


def test_a_form_is_a_dialog_whose_required_inputs_say_what_to_do() -> None:
    to, on, how, why = forms.form_card(FORM, "t")["body"]
    assert (to["type"], to["isRequired"]) == ("Input.Text", True)
    assert to["errorMessage"] == "「行き先」を入力してください。"
    assert on["type"] == "Input.Date"
    assert how["errorMessage"] == "「交通手段」を選んでください。"
    assert [choice["value"] for choice in how["choices"]] == ["電車", "公用車"]
    assert why["isMultiline"]
    assert "errorMessage" not in why


def test_a_form_survives_the_way_there_and_back() -> None:
    data = forms.form_card(FORM, "t")["actions"][0]["data"]
    assert forms.form_from(json.loads(json.dumps(data))["form"]) == FORM


@pytest.mark.parametrize(
    "data", [None, "x", [], {}, {"name": 1, "title": "", "fields": []}, {"fields": [1]},
             {"name": "x", "title": "y", "fields": [{"choices": [[]], "name": "a"}]}],
)  # fmt: skip
def test_a_form_that_was_tampered_with_is_not_opened(data: object) -> None:
    assert forms.form_from(data) is None


def test_more_buttons_than_teams_shows_in_one_set_are_all_there() -> None:
    actions = tuple(Action("minutes", f"完了：{n}", f"done {n}") for n in range(15))
    (activity,) = activities(Reply("一覧です。", actions=actions, status="help"))
    body = activity["attachments"][0]["content"]["body"]
    sets = [item["actions"] for item in body if item["type"] == "ActionSet"]
    assert [len(item) for item in sets] == [6, 6, 3]
    titles = [action["title"] for item in sets for action in item]
    assert titles == [action.title for action in actions]
