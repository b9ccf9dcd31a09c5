"""How a reply looks in Slack, and what it can never do there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.adapters.slack import blocks as slack_blocks
from bot.adapters.slack import views as slack_views
from bot.adapters.slack.blocks import ZERO_WIDTH, render, split
from bot.messages import Action, Card, Field, Form, Reply, Source

NASTY_PIECES = [
    *("<!channel>", "<!here|x>", "<@U1>", "<#C1|x>", "<!subteam^S1>", "<https://evil.example|x>"),
    *("@channel", "@here", "@EVERYONE", "&lt;!here&gt;", "https://evil.example/?q=1&r=<x>"),
    *("**", "*", "`", "```", "\n", "> ", "- ", "# ", "。", "\u202e", "\ud800", "\0", "休暇"),
]
NASTY = st.lists(
    st.sampled_from(NASTY_PIECES) | st.text(max_size=20),
    max_size=12,
).map("".join)
SOURCES = st.builds(
    Source,
    number=st.integers(1, 99),
    document=NASTY,
    heading=NASTY,
    quote=NASTY,
    passage_id=st.just("p"),
    page=NASTY,
    revised=NASTY,
    link=NASTY | st.just("https://docs.example/休暇.pdf?a=1&b=<x>|y"),
)
REPLIES = st.builds(
    Reply,
    text=NASTY,
    sources=st.lists(SOURCES, max_size=3).map(tuple),
    card=st.none()
    | st.builds(Card, title=NASTY, rows=st.lists(st.tuples(NASTY, NASTY), max_size=12).map(tuple)),
    actions=st.lists(
        st.builds(Action, name=st.just("x"), title=NASTY, value=NASTY), max_size=3
    ).map(tuple),
    suggestions=st.lists(NASTY, max_size=3).map(tuple),
    form=st.none()
    | st.builds(
        Form,
        name=st.just("f"),
        title=NASTY,
        fields=st.lists(
            st.builds(Field, name=st.just("a"), title=NASTY, hint=NASTY), max_size=2
        ).map(tuple),
    ),
    engine=NASTY,
    notice=NASTY,
    summary=NASTY,
    turn=st.just("t1"),
)


def told(reply: Reply, **about: str) -> str:
    """Everything a person reads, all messages together."""
    parts = [slack_blocks.unformatted(item).text for item in render(reply, **about)]
    return "\n".join(parts)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(REPLIES)
def test_nothing_that_is_said_can_notify_anyone_or_become_a_link(reply: Reply) -> None:
    for item in render(reply, asked=reply.text):
        payload = json.dumps([item.text, item.blocks], ensure_ascii=False)
        assert "<!" not in payload
        assert "<@" not in payload
        assert "<#" not in payload
        assert not re.search("@(channel|here|everyone)", _visible(item.blocks), re.IGNORECASE)
        links = re.findall(r"<([^|>]*)\|", _visible(item.blocks))
        assert len(links) <= len(reply.sources)
        assert all(link.startswith(("http://", "https://")) for link in links)
        assert all(words["verbatim"] for words in _objects(item.blocks, "mrkdwn"))
        payload.encode("utf-8")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(REPLIES)
def test_every_message_keeps_to_the_limits_of_slack(reply: Reply) -> None:
    for item in render(reply):
        assert 1 <= len(item.blocks) <= 50
        assert len(json.dumps(item.blocks, ensure_ascii=False)) < 16_000
        assert 0 < len(item.text) <= 1_000
        for block in Block.parse_all(list(item.blocks)):
            block.to_dict()


@settings(derandomize=True, deadline=None)
@given(st.text(alphabet="あい。\n*`&<a ", max_size=400), st.integers(60, 200))
def test_a_split_text_loses_nothing_and_cuts_no_entity(text: str, limit: int) -> None:
    parts = list(split(text, limit))
    assert all(len(part) <= limit for part in parts)
    for part in parts:
        assert not re.search(r"&(?!amp;|lt;|gt;)", part)
    letters = re.sub(r"[^あい。]", "", text)
    assert re.sub(r"[^あい。]", "", "".join(parts)) == letters


def test_a_long_answer_is_cut_after_sentences_and_arrives_whole() -> None:
    sentences = [f"第{n}条の規定は、この限りでない。" for n in range(1, 1_001)]
    messages = render(Reply("".join(sentences), turn="t1"))
    assert len(messages) > 1
    sections = [block["text"]["text"] for item in messages for block in item.blocks[:-1]]
    assert all(section.endswith("。") for section in sections)
    said = "".join(told for item in messages for told in _visible(item.blocks))
    assert all(sentence in said for sentence in sentences)


def test_an_answer_longer_than_a_document_says_that_it_was_cut() -> None:
    messages = render(Reply("あ。" * 60_000))
    assert len(messages) <= 6
    assert slack_blocks.CUT in _visible(messages[-1].blocks)


def test_bold_stays_whole_and_is_seen_between_japanese_letters() -> None:
    (item,) = render(Reply("日数は**5日以内**です。**（注）**"))
    text = item.blocks[0]["text"]["text"]
    assert text.startswith(f"日数は{ZERO_WIDTH}*5日以内*{ZERO_WIDTH}です。")
    # A star right after a bracket would not close.
    assert f"*（注）{ZERO_WIDTH}*" in text
    many = "".join(f"前の文。**{'太' * 90}** " for _ in range(80))
    for part in split(many, 500):
        assert part.count("*") % 2 == 0


def test_code_and_addresses_are_not_cut_and_stay_readable() -> None:
    address = "https://www.city.example.jp/" + "a" * 300
    parts = list(split("文。" * 80 + address + "。" + "`" + "code " * 20 + "`" + "文。" * 80, 400))
    assert any(address in part for part in parts)
    assert any("`" + "code " * 20 + "`" in part for part in parts)


def test_quotes_bullets_and_headings_are_written_as_slack_knows_them() -> None:
    (item,) = render(Reply("# 休暇\n> 5日の範囲内\n- 一つ目\n- 二つ目 & <三>"))
    assert item.blocks[0]["text"]["text"] == (
        "*休暇*\n> 5日の範囲内\n• 一つ目\n• 二つ目 &amp; &lt;三&gt;"
    )


def test_a_notification_says_the_first_sentence_of_the_answer() -> None:
    assert (
        render(Reply("**夏季休暇は5日です。**ほかにもあります。"))[0].text == "夏季休暇は5日です。"
    )
    assert render(Reply("長い前置き", summary="要点です。"))[0].text == "要点です。"
    assert render(Reply("", card=Card("早見表")))[0].text == "早見表"


def test_a_source_can_be_looked_up_and_is_not_quoted_twice() -> None:
    first = Source(1, "職員服務規程", "第12条", "夏季休暇は5日とする。", "p1", "p.4", "2026-03-24")
    second = Source(
        2, "手引", "", "半日でも取れます。", "p2", link="https://docs.example/a b|c?x=1&y=2"
    )
    said = told(Reply("> 夏季休暇は**5日**とする。〔1〕", sources=(first, second)))
    assert "出典〔1〕 *職員服務規程 ＞ 第12条 p.4（2026-03-24 改正）*" in said
    assert said.count("とする。") == 1
    assert "「半日でも取れます。」" in said
    assert "<https://docs.example/a%20b%7Cc?x=1&amp;y=2|手引>" in said


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc", "", "//evil.example", "http://[x"]
)
def test_only_web_addresses_of_sources_become_links(link: str) -> None:
    said = told(Reply("答え", sources=(Source(1, "文書", "", "引用", "p1", link=link),)))
    assert "<" not in said


def test_the_engine_and_the_reference_number_stand_at_the_end() -> None:
    assert told(Reply("答え", turn="t1")).endswith("オフライン（AIなし）　受付番号 t1")
    assert told(Reply("答え", turn="t1", engine="model-x")).endswith("model-x　受付番号 t1")
    assert told(Reply("すみません", turn="t1", status="failed")).endswith("受付番号 t1")
    assert "オフライン（AIなし）" not in told(Reply("すみません", turn="t1", status="failed"))


def test_a_button_hands_back_name_value_and_turn() -> None:
    (item,) = render(Reply("答え", turn="t1", actions=(Action("feedback", "役に立った", "good"),)))
    (element,) = item.blocks[1]["elements"]
    assert json.loads(element["value"]) == {"name": "feedback", "value": "good", "turn": "t1"}
    assert element["text"]["text"] == "役に立った"


def test_a_suggested_question_becomes_a_button_that_asks_it() -> None:
    (item,) = render(Reply("答え", suggestions=("半日でも取れますか",)))
    (element,) = item.blocks[1]["elements"]
    assert json.loads(element["value"])["name"] == "ask"
    assert json.loads(element["value"])["value"] == "半日でも取れますか"


def test_a_button_whose_value_slack_would_refuse_is_left_out() -> None:
    (item,) = render(Reply("答え", actions=(Action("x", "長い", "あ" * 2_000),)))
    assert [block["type"] for block in item.blocks] == ["section", "context"]


def test_a_form_of_ten_fields_travels_in_its_button_and_comes_back_the_same() -> None:
    fields = tuple(
        Field(
            f"field{n}", f"{n}番目の項目", "choice", choices=("はい", "いいえ", "未定"), hint="例"
        )
        for n in range(10)
    )
    form = Form("application", "旅行命令の申請", fields)
    (item,) = render(Reply("入力してください。", form=form))
    value = json.loads(item.blocks[1]["elements"][0]["value"])["value"]
    assert slack_blocks.unpack_form(value) == form


@pytest.mark.parametrize("text", ["", "z", "zzzz", "{}", "[]", '{"fields": 1}', "z" + "0" * 900])
def test_what_is_not_a_form_is_none(text: str) -> None:
    assert slack_blocks.unpack_form(text) is None


def test_a_form_shows_every_field_the_way_slack_wants_it() -> None:
    fields = (
        Field("place", "行き先", hint="市町村名", value="県庁"),
        Field("date", "出発日", "date", value="2026-12-01"),
        Field("purpose", "目的", "choice", choices=("研修", "会議"), value="会議"),
        Field("memo", "備考", "text", required=False),
    )
    view = slack_views.form_view(Form("trip", "出張の申請" * 9, fields), {"channel": "C1"})
    View(**view).to_dict()
    assert [block["optional"] for block in view["blocks"]] == [False, False, False, True]
    assert view["blocks"][2]["element"]["initial_option"]["value"] == "会議"
    assert len(view["title"]["text"]) <= 24


def test_home_shows_the_tour_until_it_is_put_away() -> None:
    first = slack_views.home(["一つ目？", "二つ目？", "三つ目？", "四つ目？"])
    later = slack_views.home(["一つ目？"], has_toured=True)
    assert "1. 聞く" in _visible(first["blocks"])
    assert "四つ目？" not in _visible(first["blocks"])
    assert "1. 聞く" not in _visible(later["blocks"])
    assert slack_views.has_toured({"view": later})
    assert not slack_views.has_toured({"view": first})
    for view in (first, later):
        View(**view).to_dict()


def test_hostile_text_of_20000_characters_is_rendered_in_one_go() -> None:
    # Quadratic matching would take minutes here; the length of the output shows it was done.
    for piece in ("**", "`", "```a", "<", "&", "https://", "> ", "@", "**a"):
        text = (piece * 20_000)[:20_000]
        assert sum(len(item.blocks) for item in render(Reply(text))) >= 2


def _objects(blocks: Any, kind: str) -> list[dict[str, Any]]:
    if isinstance(blocks, dict):
        own = [blocks] if blocks.get("type") == kind else []
        return own + [item for value in blocks.values() for item in _objects(value, kind)]
    if isinstance(blocks, list | tuple):
        return [item for value in blocks for item in _objects(value, kind)]
    return []


def _visible(blocks: Any) -> str:
    found = _objects(blocks, "mrkdwn") + _objects(blocks, "plain_text")
    return "\n".join(item["text"] for item in found)
