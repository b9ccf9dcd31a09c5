"""What the bot does in Slack, from the delivery in the inbox to what people see."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.slack import blocks as slack_blocks
from bot.adapters.slack import chat as slack_chat
from bot.adapters.slack import events as slack_events
from bot.adapters.slack import marks as slack_marks
from bot.adapters.slack.adapter import WRONG_TEAM, SlackAdapter
from bot.adapters.slack.api import SlackRefused
from bot.adapters.slack.urgent import FORM_GONE, TOO_SLOW
from bot.errors import BadInput, Misconfigured, Unavailable
from bot.messages import (
    Actor,
    Attachment,
    Field,
    Form,
    Message,
    Place,
    Reminder,
    Reply,
    new_id,
)
from bot.ports import Chat, Delivery
from bot.settings import Settings
from bot.testing import FakeDirectory, FakeInbox
from tests.adapters.slack_side import BOT, OTHER_TEAM, ROOT, TEAM, FakeSlack

ROOT_FOLDER = Path(__file__).parents[2]
FORM = Form("trip", "出張の申請", (Field("place", "行き先"),))


class ScriptedBot:
    """Holds, answers with `reply`, and remembers what it was asked. Has one form, `opening`."""

    def __init__(self) -> None:
        self.reply = Reply("夏季休暇は5日です。", skill="manual-search")
        self.asked: list[Message] = []
        self.history: list[Any] = []
        self.before_answer: Callable[[], None] = lambda: None
        self.opening: Form | None = None
        self.next_form: Form | None = None

    async def first(self, message: Message) -> Form | None:
        return self.opening if message.command == "trip" else None

    async def following(self, message: Message) -> Form | None:
        return self.next_form

    async def offered(self, message: Message) -> Form | None:
        return self.opening if message.values["turn"] == "turn-1" else None

    async def receive(self, message: Message, chat: Chat) -> Reply:
        self.asked.append(message)
        if await chat.hold(message, "調べています…"):
            return Reply("")
        self.history = list(await chat.history(message))
        self.before_answer()
        reply = replace(self.reply, turn=message.turn)
        await chat.answer(message, reply)
        return reply


class Office:
    """An adapter with a Slack on one side and a bot on the other."""

    def __init__(self, slack: FakeSlack, settings: Settings, examples: tuple[str, ...]) -> None:
        self.slack = slack
        self.bot = ScriptedBot()
        self.inbox = FakeInbox()
        self.directory = FakeDirectory()
        self.counted: Counter[str] = Counter()
        self.adapter = SlackAdapter(
            settings,
            self.bot,
            self.inbox,
            self.directory,
            examples,
            self._count,
            api=slack,
            forms=self.bot,
        )

    def _count(self, outcome: str) -> None:
        self.counted[outcome] += 1

    async def deliver(self, payload: Mapping[str, Any], **about: Any) -> Delivery:
        delivery = Delivery("slack", "slack/T1/x", json.dumps(payload), new_id(), 1)
        delivery = replace(delivery, **about)
        await self.adapter.handle(delivery)
        return delivery

    async def again(self, delivery: Delivery) -> None:
        """What a worker does after one that died: the next attempt."""
        posted = self.inbox.posted.get(delivery.turn, "")
        await self.adapter.handle(replace(delivery, attempt=delivery.attempt + 1, posted=posted))


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    settings = Settings(slack_bot_token="xoxb-1", slack_signing_secrets=("s",))
    made = Office(FakeSlack(), settings, ("夏季休暇は？", "旅費は？", "公印は？"))
    await made.adapter.start()
    yield made
    await made.adapter.close()


def said(text: str = f"<@{BOT}> 夏季休暇は？", **about: Any) -> dict[str, Any]:
    event = {"type": "app_mention", "channel": "C1", "user": "U1", "ts": ROOT, "text": text}
    return {"type": "event_callback", "team_id": TEAM, "event": {**event, **about}}


def typed(text: str = "夏季休暇は？") -> dict[str, Any]:
    return {
        "command": "/shomu",
        "text": text,
        "team_id": TEAM,
        "channel_id": "C1",
        "channel_name": "soumu",
        "user_id": "U1",
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.com/commands/1",
    }


def pressed(name: str, value: str = "", **about: Any) -> dict[str, Any]:
    carried = slack_blocks.dump_value(name, value, "turn-1")
    return {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": "U1", "team_id": TEAM},
        "channel": {"id": "C1"},
        "container": {"type": "message", "message_ts": "1795000001.000000", "channel_id": "C1"},
        "message": {"ts": "1795000001.000000", "thread_ts": ROOT},
        "actions": [
            {
                "type": "button",
                "action_id": f"shomu:{name}:0",
                "block_id": "b",
                "value": carried,
                "action_ts": "1795000002.000000",
            }
        ],
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.com/actions/1",
        **about,
    }


def words(item: Mapping[str, Any]) -> str:
    blocks = tuple(item.get("blocks", ()))
    return slack_blocks.unformatted(slack_blocks.Rendered(item.get("text", ""), blocks)).text


async def test_a_mention_is_held_and_then_answered_in_its_thread(office: Office) -> None:
    seen: list[str] = []
    office.bot.before_answer = lambda: seen.append(words(office.slack.own()[0]))
    delivery = await office.deliver(said())
    (answer,) = office.slack.own()
    assert seen == ["調べています…"]
    assert "夏季休暇は5日です。" in words(answer)
    assert answer["thread_ts"] == ROOT
    assert answer["unfurl_links"] is False
    assert answer["metadata"]["event_payload"] == {
        "turn": delivery.turn,
        "state": "answered",
        "part": 0,
    }
    (asked,) = office.bot.asked
    assert (asked.text, asked.kind, asked.actor.name) == ("夏季休暇は？", "mention", "佐藤")
    assert (asked.place.thread, asked.place.visibility) == (ROOT, "public")
    assert (asked.turn, asked.identity) == (delivery.turn, delivery.identity)


async def test_the_message_twin_of_a_mention_is_a_mention_too(office: Office) -> None:
    await office.deliver(said(type="message", channel_type="channel"))
    assert [message.kind for message in office.bot.asked] == ["mention"]


async def test_what_people_type_arrives_as_they_see_it(office: Office) -> None:
    text = f"<@{BOT}> A&amp;B &lt;表&gt; <https://x.jp/a|様式> <#C1|総務> <@U2|tanaka> <!here> ？"
    await office.deliver(said(text))
    assert office.bot.asked[0].text == "A&B <表> 様式 (https://x.jp/a) #総務 tanaka @here ？"


async def test_an_empty_mention_still_gets_a_turn(office: Office) -> None:
    await office.deliver(said(f"<@{BOT}>"))
    assert office.bot.asked[0].text == ""


async def test_a_follow_up_needs_a_thread_the_bot_has_joined(office: Office) -> None:
    follow = said(
        "半日でも？", type="message", channel_type="channel", thread_ts=ROOT, ts="1795000009.0"
    )
    await office.deliver(follow)
    assert office.bot.asked == []
    await office.deliver(said())
    await office.directory.join(office.bot.asked[0].place, "main", "manual-search")
    await office.deliver(follow)
    assert office.bot.asked[1].kind == "follow-up"


async def test_words_in_a_joined_thread_that_begin_with_another_name_are_for_that_person(
    office: Office,
) -> None:
    await office.deliver(said())
    await office.directory.join(office.bot.asked[0].place, "main", "manual-search")
    await office.deliver(
        said("<@U2> これで合っていますか", type="message", thread_ts=ROOT, ts="1795000009.0")
    )
    assert len(office.bot.asked) == 1


async def test_a_direct_message_is_answered_in_place(office: Office) -> None:
    await office.deliver(said("夏季休暇は？", type="message", channel="D1", channel_type="im"))
    (asked,) = office.bot.asked
    assert (asked.kind, asked.place.visibility, asked.place.thread) == ("direct", "direct", "")
    assert "thread_ts" not in office.slack.own("D1")[0]


@pytest.mark.parametrize(
    "user",
    [
        {"is_restricted": True, "team_id": TEAM},
        {"is_ultra_restricted": True, "team_id": TEAM},
        {"is_stranger": True},
        {"team_id": OTHER_TEAM},
    ],
)
async def test_guests_and_people_of_other_organisations_are_known_as_guests(
    office: Office, user: dict[str, Any]
) -> None:
    office.slack.users["U1"] = user
    await office.deliver(said())
    assert office.bot.asked[0].actor.is_guest


async def test_when_slack_does_not_know_a_person_they_are_a_guest(office: Office) -> None:
    await office.deliver(said(user="U404"))
    assert office.bot.asked[0].actor.is_guest


async def test_in_a_channel_shared_with_another_organisation_everyone_is_a_guest(
    office: Office,
) -> None:
    await office.deliver({**said(), "is_ext_shared_channel": True})
    assert office.bot.asked[0].actor.is_guest
    await office.deliver(said())
    assert not office.bot.asked[1].actor.is_guest
    office.slack.about["C2"] = {"is_ext_shared": True}
    office.slack.channels["C2"] = []
    await office.deliver(said(channel="C2"))
    assert office.bot.asked[2].actor.is_guest


async def test_a_member_of_staff_is_no_guest_and_is_looked_up_once(office: Office) -> None:
    await office.deliver(said())
    await office.deliver(said(ts="1795000009.0"))
    assert not office.bot.asked[1].actor.is_guest
    assert office.slack.calls.count("users.info") == 1


async def test_a_private_channel_is_known_as_private(office: Office) -> None:
    office.slack.about["C1"] = {"is_private": True}
    await office.deliver(said())
    assert office.bot.asked[0].place.visibility == "private"


async def test_another_workspace_is_told_that_it_may_not_use_the_bot(office: Office) -> None:
    await office.deliver({**said(), "team_id": OTHER_TEAM})
    await office.deliver({**typed(), "team_id": OTHER_TEAM})
    assert office.bot.asked == []
    assert [item["text"] for item in office.slack.whispers] == [WRONG_TEAM] * 2
    assert office.counted["team_refused"] == 2


@pytest.mark.parametrize("dies_at", ["chat.postMessage", "chat.update"])
async def test_a_turn_that_died_is_answered_once_by_the_next_attempt(
    office: Office, dies_at: str
) -> None:
    office.slack.failures[dies_at] = [Unavailable("gone")]
    delivery = Delivery("slack", "i", json.dumps(said()), new_id(), 1)
    with pytest.raises(Unavailable):
        await office.adapter.handle(delivery)
    await office.again(delivery)
    (answer,) = office.slack.own()
    assert "夏季休暇は5日です。" in words(answer)


async def test_an_answer_that_was_posted_before_the_process_died_is_not_posted_again(
    office: Office,
) -> None:
    delivery = await office.deliver(said())
    office.bot.reply = Reply("別の答え")
    await office.again(delivery)
    await office.again(replace(delivery, posted=""))
    (answer,) = office.slack.own()
    assert "別の答え" not in words(answer)


async def test_a_placeholder_that_nobody_remembered_is_found_by_its_mark(office: Office) -> None:
    turn = new_id()
    mark = slack_marks.Mark(turn, "holding", 0)
    blocks = slack_marks.marked(slack_blocks.note("調べています…").blocks, mark)
    # The process died between posting and remembering; this client keeps no metadata.
    office.slack.chat_postMessage("C1", thread_ts=ROOT, text="調べています…", blocks=blocks)
    office.slack.page = 1
    office.slack.say("関係ない返信")
    await office.deliver(said(), turn=turn, attempt=2)
    (answer,) = office.slack.own()
    assert "夏季休暇は5日です。" in words(answer)


async def test_a_long_answer_that_died_half_way_has_every_part_once(office: Office) -> None:
    office.bot.reply = Reply("".join(f"{n}番目の規定。" for n in range(3_000)))
    real, posts = office.slack.chat_postMessage, 0

    def dies(channel: str, **about: Any) -> dict[str, Any]:
        nonlocal posts
        posts += 1
        if posts == 3:
            raise Unavailable("gone")
        return real(channel, **about)

    office.slack.chat_postMessage = dies  # type: ignore[method-assign]
    delivery = Delivery("slack", "i", json.dumps(said()), new_id(), 1)
    with pytest.raises(Unavailable):
        await office.adapter.handle(delivery)
    assert words(office.slack.own()[0]) == "調べています…"
    await office.again(delivery)
    text = "".join(
        block["text"]["text"]
        for item in office.slack.own()
        for block in item["blocks"]
        if block["type"] == "section"
    )
    assert all(text.count(f"。{n}番目の規定。") <= 1 for n in range(3_000))
    assert text.count("番目の規定。") == 3_000


async def test_a_second_attempt_with_a_shorter_answer_leaves_no_old_parts(office: Office) -> None:
    office.bot.reply = Reply("あ。" * 15_000)
    delivery = Delivery("slack", "i", json.dumps(said()), new_id(), 1)
    office.slack.failures["chat.update"] = [Unavailable("gone")]
    with pytest.raises(Unavailable):
        await office.adapter.handle(delivery)
    assert len(office.slack.own()) > 1
    office.bot.reply = Reply("短い答え。")
    await office.again(delivery)
    (answer,) = office.slack.own()
    assert "短い答え。" in words(answer)


async def test_when_slack_does_not_answer_the_worker_tries_again(office: Office) -> None:
    office.slack.failures["conversations.replies"] = [Unavailable("gone")]
    with pytest.raises(Unavailable):
        await office.deliver(said(), attempt=2)
    # Not able to look means not allowed to post.
    assert office.slack.own() == []


async def test_after_the_last_attempt_the_placeholder_says_that_it_did_not_work(
    office: Office,
) -> None:
    office.slack.failures["conversations.replies"] = [Unavailable("gone")]
    delivery = Delivery("slack", "i", json.dumps(said()), new_id(), 1)
    with pytest.raises(Unavailable):
        await office.adapter.handle(delivery)
    await office.adapter.apologise(delivery)
    await office.adapter.apologise(delivery)
    (line,) = office.slack.own()
    assert "うまく処理できませんでした" in words(line)
    assert delivery.turn in words(line)


async def test_what_was_answered_is_not_apologised_for(office: Office) -> None:
    delivery = await office.deliver(said())
    await office.adapter.apologise(delivery)
    assert "夏季休暇は5日です。" in words(office.slack.own()[0])


async def test_blocks_that_slack_refuses_go_out_as_plain_words(office: Office) -> None:
    office.slack.failures["chat.update"] = [SlackRefused("chat.update", "invalid_blocks")]
    await office.deliver(said())
    (answer,) = office.slack.own()
    assert answer["blocks"] == []
    assert "夏季休暇は5日です。" in answer["text"]


async def test_a_command_is_answered_to_the_asker_alone(office: Office) -> None:
    delivery = await office.deliver(typed())
    (whisper,) = office.slack.whispers
    assert whisper["response_type"] == "ephemeral"
    assert "夏季休暇は5日です。" in words(whisper)
    assert office.slack.own() == []
    assert office.bot.asked[0].kind == "command"
    await office.again(delivery)
    assert len(office.slack.whispers) == 1


async def test_a_command_that_takes_long_shows_a_line_that_the_answer_replaces(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_chat, "PATIENCE_SECONDS", 0.0)

    async def slowly(message: Message, chat: Chat) -> Reply:
        await chat.hold(message, "調べています…")
        while not office.slack.whispers:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        monkeypatch.setattr(slack_chat, "PATIENCE_SECONDS", 60.0)
        await chat.answer(message, office.bot.reply)
        return office.bot.reply

    monkeypatch.setattr(office.bot, "receive", slowly)
    await office.deliver(typed())
    first, second = office.slack.whispers
    assert words(first) == "調べています…"
    assert second["replace_original"] is True


async def test_a_closed_response_url_falls_back_to_a_private_line_in_the_channel(
    office: Office,
) -> None:
    office.slack.failures["respond"] = [SlackRefused("response_url", "http_404")]
    await office.deliver(typed())
    (whisper,) = office.slack.whispers
    assert (whisper["channel"], whisper["user"]) == ("C1", "U1")


async def test_a_private_answer_to_a_mention_leaves_a_line_that_says_so(office: Office) -> None:
    office.bot.reply = Reply("機密の答え", is_private=True)
    await office.deliver(said())
    (line,) = office.slack.own()
    (whisper,) = office.slack.whispers
    assert words(line) == slack_chat.WHISPERED
    assert "機密の答え" in words(whisper)
    assert (whisper["user"], whisper["thread_ts"]) == ("U1", ROOT)


async def test_a_message_shortcut_asks_the_message_it_is_used_on(office: Office) -> None:
    await office.deliver(
        {
            "type": "message_action",
            "callback_id": "shomu_ask",
            "team": {"id": TEAM},
            "user": {"id": "U1", "team_id": TEAM},
            "channel": {"id": "C1"},
            "message": {"user": "U2", "ts": ROOT, "text": "旅費はいくら？"},
            "response_url": "https://hooks.slack.com/app/1",
        }
    )
    assert (office.bot.asked[0].kind, office.bot.asked[0].text) == ("shortcut", "旅費はいくら？")
    assert office.slack.own() == []


async def test_feedback_carries_its_value_and_turn_and_is_thanked_privately(office: Office) -> None:
    office.bot.reply = Reply("ありがとうございます。", is_private=True)
    await office.deliver(pressed("feedback", "good"))
    (asked,) = office.bot.asked
    assert (asked.kind, asked.command) == ("button", "feedback")
    assert asked.values == {"value": "good", "turn": "turn-1"}
    assert office.slack.own() == []
    assert office.slack.whispers[0]["replace_original"] is False


async def test_a_shared_answer_is_posted_once_for_everyone(office: Office) -> None:
    delivery = await office.deliver(pressed("share"))
    await office.again(delivery)
    (answer,) = office.slack.own()
    assert answer["thread_ts"] == ROOT


async def test_sharing_where_the_bot_is_no_member_goes_by_the_response_url(office: Office) -> None:
    office.slack.failures["chat.postMessage"] = [SlackRefused("chat.postMessage", "not_in_channel")]
    await office.deliver(pressed("share"))
    assert office.slack.whispers[0]["response_type"] == "in_channel"


async def test_a_suggested_question_is_asked_in_the_thread_it_stands_in(office: Office) -> None:
    await office.deliver(pressed("ask", "半日でも？"))
    (asked,) = office.bot.asked
    assert (asked.kind, asked.text, asked.place.thread) == ("mention", "半日でも？", ROOT)
    assert "質問：半日でも？" in words(office.slack.own()[0])


async def test_a_question_in_app_home_is_answered_in_the_direct_message(office: Office) -> None:
    home = pressed("ask", "旅費は？", container={"type": "view"}, message=None, channel=None)
    await office.deliver(home)
    assert office.bot.asked[0].kind == "direct"
    assert "質問：旅費は？" in words(office.slack.own("D1")[0])


async def test_app_home_is_shown_when_it_is_opened_and_its_tour_put_away(office: Office) -> None:
    event = {"type": "app_home_opened", "user": "U1", "tab": "home"}
    await office.deliver({"type": "event_callback", "team_id": TEAM, "event": event})
    await office.deliver(pressed("toured"))
    (_, first), (_, later) = office.slack.views
    assert "1. 聞く" in json.dumps(first, ensure_ascii=False)
    assert "1. 聞く" not in json.dumps(later, ensure_ascii=False)
    assert "公印は？" in json.dumps(later, ensure_ascii=False)


async def test_a_form_is_opened_at_once_checked_at_once_and_answered_from_the_inbox(
    office: Office,
) -> None:
    take = office.adapter.intake.take
    assert await take(pressed("form", slack_blocks.pack_form(FORM))) == {}
    ((trigger, view),) = office.slack.views
    assert trigger == "1.2.3"
    filled = {"place": {"value": {"type": "plain_text_input", "value": "　"}}}
    submission = {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": "U1", "team_id": TEAM},
        "view": {**view, "id": "V1", "hash": "1", "state": {"values": filled}},
    }
    answer = await take(submission)
    assert answer == {"response_action": "errors", "errors": {"place": "入力してください。"}}
    assert office.inbox.waiting == []
    filled["place"]["value"]["value"] = "県庁"
    assert await take(submission) == {"response_action": "clear"}
    delivery = office.inbox.take()
    assert delivery is not None
    await office.adapter.handle(delivery)
    (asked,) = office.bot.asked
    assert (asked.kind, asked.command) == ("form", "trip")
    assert asked.values == {"place": "県庁", "form": "trip"}
    assert office.slack.own()[0]["thread_ts"] == ROOT


def submitted(view: Mapping[str, Any], place: str) -> dict[str, Any]:
    values = {"place": {"value": {"type": "plain_text_input", "value": place}}}
    return {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": "U1", "team_id": TEAM},
        "view": {**view, "id": "V1", "hash": "1", "state": {"values": values}},
    }


async def test_a_skills_own_command_without_words_opens_its_form(office: Office) -> None:
    office.bot.opening = FORM
    take = office.adapter.intake.take
    assert await take({**typed(""), "command": "/trip"}) == {}
    ((trigger, view),) = office.slack.views
    assert trigger == "1.2.3"
    assert view["title"]["text"] == "出張の申請"
    assert office.inbox.waiting == []
    assert await take(submitted(view, "県庁")) == {"response_action": "clear"}
    delivery = office.inbox.take()
    assert delivery is not None
    await office.adapter.handle(delivery)
    (asked,) = office.bot.asked
    assert (asked.command, asked.place.channel) == ("trip", "C1")
    # Asked for by a command, so the answer is for the asker alone.
    assert office.slack.own() == []
    assert "夏季休暇は5日です。" in words(office.slack.whispers[-1])


async def test_a_command_that_opens_no_form_is_an_ordinary_turn(office: Office) -> None:
    await office.adapter.intake.take({**typed(""), "command": "/minutes"})
    await office.adapter.intake.take({**typed("県庁へ"), "command": "/trip", "trigger_id": "4.5.6"})
    first, second = office.inbox.take(), office.inbox.take()
    assert first is not None
    assert second is not None
    await office.adapter.handle(first)
    await office.adapter.handle(second)
    assert [(item.command, item.text) for item in office.bot.asked] == [
        ("minutes", ""),
        ("trip", "県庁へ"),
    ]


async def test_a_form_goes_on_to_the_next_or_says_what_is_wrong(office: Office) -> None:
    office.bot.opening = FORM
    take = office.adapter.intake.take
    await take({**typed(""), "command": "/trip"})
    ((_, view),) = office.slack.views
    office.bot.next_form = replace(FORM, name="trip/宿泊", title="宿泊の申請")
    answer = await take(submitted(view, "県庁"))
    assert answer["response_action"] == "update"
    assert answer["view"]["title"]["text"] == "宿泊の申請"
    assert json.loads(answer["view"]["private_metadata"])["name"] == "trip/宿泊"
    office.bot.next_form = FORM.filled({}, {"place": "庁内は申請できません。"})
    answer = await take(submitted(answer["view"], "本庁"))
    assert answer == {"response_action": "errors", "errors": {"place": "庁内は申請できません。"}}
    assert office.inbox.waiting == []


async def test_a_form_too_large_for_its_button_is_read_back_from_the_record(
    office: Office,
) -> None:
    office.bot.opening = FORM
    # Every character different: this does not compress into a button.
    large = FORM.filled({"place": "".join(chr(0x4E00 + 7 * n) for n in range(2_500))})
    office.bot.reply = Reply("入力してください。", form=large)
    await office.deliver(said())
    (shown,) = office.slack.own()
    buttons = [b for block in shown["blocks"] for b in block.get("elements", ()) if "value" in b]
    value = json.loads(buttons[0]["value"])
    assert (value["name"], value["value"]) == ("form", "")
    await office.adapter.intake.take(pressed("form", ""))
    ((_, view),) = office.slack.views
    assert view["title"]["text"] == "出張の申請"
    office.bot.opening = None
    await office.adapter.intake.take(pressed("form", ""))
    assert office.slack.whispers[-1]["text"] == FORM_GONE


async def test_a_form_that_cannot_be_opened_in_time_says_so(office: Office) -> None:
    office.slack.failures["views.open"] = [SlackRefused("views.open", "expired_trigger_id")]
    await office.adapter.intake.take(pressed("form", slack_blocks.pack_form(FORM)))
    assert office.slack.whispers[0]["text"] == TOO_SLOW


async def test_history_is_the_newest_lines_with_our_own_answers_whole(office: Office) -> None:
    await office.deliver(said())
    for n in range(30):
        office.slack.say(f"{n}番目の発言")
    office.slack.page = 7
    ts = office.slack.say("続きの質問")
    office.bot.reply = Reply("二つの節。\n" + "長い文。" * 1_000)
    await office.deliver(said("続きの質問", thread_ts=ROOT, ts=ts))
    assert [line.text for line in office.bot.history[-2:]] == ["28番目の発言", "29番目の発言"]
    assert len(office.bot.history) == 21
    assert "11 件は省略" in office.bot.history[0].text
    after = office.slack.say("もう一つ")
    await office.deliver(said("もう一つ", thread_ts=ROOT, ts=after))
    own = [line.text for line in office.bot.history if line.by_bot][-1]
    assert own.count("長い文。") == 1_000
    assert "受付番号" not in own


async def test_a_message_deleted_while_it_is_worked_on_is_not_answered(office: Office) -> None:
    deleted = said(type="message", subtype="message_deleted", deleted_ts=ROOT, ts="1795000050.0")

    def delete() -> None:
        office.adapter.intake.withdrawn.add("slack/T1/C1/1795000000.000100")

    office.bot.before_answer = delete
    await office.deliver(said(), identity="slack/T1/C1/1795000000.000100")
    assert office.slack.own() == []
    assert await office.adapter.intake.take(deleted) is None


async def test_attached_files_come_along_and_are_fetched_with_their_place(office: Office) -> None:
    file = {
        "name": "議事録.docx",
        "mimetype": "application/msword",
        "size": 12,
        "url_private": "https://files.slack.com/a",
    }
    await office.deliver(said(files=[file, {"mode": "tombstone"}]))
    (attachment,) = office.bot.asked[0].attachments
    assert attachment == Attachment(
        "議事録.docx", "application/msword", 12, "https://files.slack.com/a"
    )


async def test_an_outage_is_made_up_for_by_questions_nobody_answered(office: Office) -> None:
    now = datetime.now(UTC)
    office.slack.moment = int(now.timestamp()) - 60
    office.slack.say(f"<@{BOT}> 停電中の質問", thread="")
    office.slack.say("ただの雑談", thread="")
    office.slack.say("直接の質問", channel="D1", thread="")
    office.slack.moment = int(now.timestamp()) - 7_200
    office.slack.say(f"<@{BOT}> 昨日の質問", thread="")
    since = now - timedelta(hours=1)
    assert await office.adapter.backfill(since) == 2
    assert await office.adapter.backfill(since) == 0
    kept = [json.loads(item.payload)["event"]["text"] for item in office.inbox.waiting]
    assert kept == [f"<@{BOT}> 停電中の質問", "直接の質問"]


async def test_a_bad_token_stops_the_start_and_names_the_setting() -> None:
    slack = FakeSlack()
    slack.failures["auth.test"] = [SlackRefused("auth.test", "invalid_auth")]
    office = Office(slack, Settings(slack_bot_token="xoxb-1"), ())
    with pytest.raises(Misconfigured, match="SHOMU_SLACK_BOT_TOKEN"):
        await office.adapter.start()


def test_the_manifest_asks_slack_for_what_the_adapter_listens_to() -> None:
    manifest = yaml.safe_load((ROOT_FOLDER / "infra/slack-manifest.yaml").read_text("utf-8"))
    features = manifest["features"]
    assert [item["callback_id"] for item in features["shortcuts"]] == [slack_events.SHORTCUT]
    commands = [item["command"] for item in features["slash_commands"]]
    assert commands[0] == slack_events.COMMAND
    # A skill's own command reaches the skill of that name.
    assert all(slack_events.command_of({"command": name}) == name[1:] for name in commands[1:])
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {event.partition(".")[0] for event in events} == set(slack_events.EVENTS)


async def test_only_listed_workspaces_may_use_the_bot() -> None:
    slack = FakeSlack()
    office = Office(slack, Settings(slack_bot_token="x", slack_teams=("T2", "T3")), ())
    await office.adapter.start()
    await office.deliver(said())
    await office.deliver({**said(), "team_id": "T3"})
    assert len(office.bot.asked) == 1


async def test_nothing_people_wrote_reaches_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office.slack.failures["chat.update"] = [Unavailable("gone")]
    with pytest.raises(Unavailable):
        await office.deliver(said(f"<@{BOT}> 秘密の相談 xoxb-1"))
    await office.deliver({"type": "event_callback", "event": {"type": "秘密"}})
    assert "秘密" not in caplog.text
    assert "xoxb-1" not in caplog.text


class Wire:
    """A small HTTP server in the place of Slack's."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.drops = 0
        self.requests: list[tuple[str, str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        if self.drops:
            self.drops -= 1
            assert request.transport is not None
            request.transport.close()
        self.requests.append((request.path, text, request.headers.get("Authorization", "")))
        return self.answers.pop(0) if self.answers else web.json_response({"ok": True, "ts": "1.0"})


@pytest.fixture
async def wire() -> AsyncIterator[tuple[Wire, SlackAdapter]]:
    made = Wire()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.answer)
    async with TestServer(app) as server:
        settings = Settings(slack_bot_token="xoxb-1", slack_api_url=str(server.make_url("/api/")))
        adapter = SlackAdapter(settings, ScriptedBot(), FakeInbox(), FakeDirectory())
        yield made, adapter
        await adapter.close()


def too_many() -> web.Response:
    return web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "0"}
    )


async def test_when_slack_says_slow_down_the_post_is_tried_again(
    wire: tuple[Wire, SlackAdapter],
) -> None:
    slack, adapter = wire
    slack.answers = [too_many(), too_many()]
    assert (await adapter.api.call("chat.postMessage", channel="C1", text="答え"))["ts"] == "1.0"
    assert len(slack.requests) == 3
    slack.answers = [too_many() for _ in range(9)]
    with pytest.raises(Unavailable):
        await adapter.api.call("users.info", user="U1")


async def test_a_broken_connection_is_tried_again_but_never_a_post(
    wire: tuple[Wire, SlackAdapter],
) -> None:
    slack, adapter = wire
    slack.drops = 1
    assert (await adapter.api.call("users.info", user="U1"))["ok"] is True
    assert len(slack.requests) == 2
    slack.drops = 1
    with pytest.raises(Unavailable):
        await adapter.api.call("chat.postMessage", channel="C1", text="答え")
    assert len(slack.requests) == 3


async def test_a_refusal_of_slack_has_a_reason_and_an_outage_has_none(
    wire: tuple[Wire, SlackAdapter],
) -> None:
    slack, adapter = wire
    slack.answers = [web.json_response({"ok": False, "error": "not_in_channel"})]
    with pytest.raises(SlackRefused) as refused:
        await adapter.api.call("chat.postMessage", channel="C1", text="答え")
    assert refused.value.reason == "not_in_channel"
    slack.answers = [web.Response(status=503, text="<html>down</html>")]
    with pytest.raises(Unavailable) as down:
        await adapter.api.call("chat.postMessage", channel="C1", text="答え")
    assert not isinstance(down.value, SlackRefused)


async def test_a_file_is_fetched_with_the_token_from_slack_and_from_nowhere_else(
    wire: tuple[Wire, SlackAdapter],
) -> None:
    slack, adapter = wire
    own = adapter.settings.slack_api_url.removesuffix("api/") + "files-pri/x"
    slack.answers = [web.Response(body=b"content")]
    assert await adapter.api.fetch(own) == b"content"
    assert slack.requests[0][2] == "Bearer xoxb-1"
    for foreign in ("http://evil.example/x", "http://files.slack.com/x", own.replace("127", "128")):
        with pytest.raises(BadInput):
            await adapter.api.fetch(foreign)
        with pytest.raises(SlackRefused):
            await adapter.api.respond(foreign, {"text": "答え"})
    slack.answers = [web.Response(status=302, headers={"Location": "http://evil.example/"})]
    with pytest.raises(BadInput):
        await adapter.api.fetch(own)
    assert len(slack.requests) == 2


async def test_a_file_over_50_megabytes_is_refused(
    wire: tuple[Wire, SlackAdapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, adapter = wire
    monkeypatch.setattr("bot.adapters.slack.wire.LARGEST_FILE", 1_000)
    slack.answers = [web.Response(body=b"x" * 1_001)]
    own = adapter.settings.slack_api_url.removesuffix("api/") + "files-pri/x"
    with pytest.raises(BadInput) as refused:
        await adapter.api.fetch(own)
    assert "50MB" in refused.value.remedy


def reminder(**about: Any) -> Reminder:
    place = Place("slack", TEAM, "C1", ROOT, "public")
    due = datetime.fromtimestamp(1_795_000_100, UTC)
    return replace(Reminder("main", "minutes", "k", due, place, Actor("U1", "佐藤")), **about)


def released(about: Reminder) -> Delivery:
    return Delivery("slack", about.identity, about.dump(), new_id(), 1)


async def test_a_reminder_is_said_in_its_thread_without_a_placeholder(office: Office) -> None:
    seen: list[int] = []
    office.bot.before_answer = lambda: seen.append(len(office.slack.own()))
    await office.adapter.handle(released(reminder()))
    assert seen == [0]
    (answer,) = office.slack.own()
    assert answer["thread_ts"] == ROOT
    (asked,) = office.bot.asked
    assert (asked.kind, asked.command, asked.values) == ("reminder", "minutes", {"key": "k"})
    assert (asked.workspace, asked.text, asked.actor.name) == ("main", "", "佐藤")
    assert asked.place == Place("slack", TEAM, "C1", ROOT, "public")


@pytest.mark.parametrize("about", [{"to": "U2"}, {"reference": slack_events.DIRECTLY}])
async def test_a_reminder_for_one_person_is_a_direct_message(
    office: Office, about: dict[str, str]
) -> None:
    office.slack.users["U2"] = {"real_name": "田中", "team_id": TEAM}
    await office.adapter.handle(released(reminder(**about)))
    assert office.slack.own("C1") == []
    assert len(office.slack.own("D1")) == 1
    (asked,) = office.bot.asked
    assert asked.actor.id == about.get("to", "U1")
    assert (asked.place.channel, asked.place.thread) == ("D1", "")
    assert asked.place.visibility == "direct"


@pytest.mark.parametrize("thread", [ROOT, ""])
async def test_a_reminder_that_is_tried_again_is_posted_once(office: Office, thread: str) -> None:
    delivery = released(reminder(place=Place("slack", TEAM, "C1", thread)))
    await office.adapter.handle(delivery)
    await office.again(delivery)
    assert len(office.slack.own()) == 1


async def test_a_reminder_is_worked_out_by_the_bot_and_not_by_what_a_payload_claims(
    office: Office,
) -> None:
    await office.deliver(json.loads(reminder().dump()))
    assert office.bot.asked == []


async def test_what_only_the_asker_saw_is_remembered_for_the_asker_alone(office: Office) -> None:
    references: list[str | None] = []

    class Noting(ScriptedBot):
        async def receive(self, message: Message, chat: Chat) -> Reply:
            references.append(chat.reference())
            return Reply("")

    office.adapter._bot = Noting()
    await office.deliver(said())
    await office.deliver(typed())
    assert references == ["", slack_events.DIRECTLY]


async def test_a_reminder_that_cannot_be_worked_out_is_apologised_for(office: Office) -> None:
    await office.adapter.apologise(released(reminder()))
    assert "受付番号" in words(office.slack.own()[0])


class LongWork(ScriptedBot):
    """Shows that it can be stopped; dies on its first attempt."""

    def __init__(self, *, dies: bool) -> None:
        super().__init__()
        self.dies = dies

    async def receive(self, message: Message, chat: Chat) -> Reply:
        await chat.hold(message, "調べています…")
        await chat.progress(message, "1／3 を読んでいます…", stoppable=True)
        if self.dies and message.attempt == 1:
            raise Unavailable("killed")
        await chat.answer(message, replace(self.reply, turn=message.turn))
        return self.reply


async def test_long_work_can_be_stopped_with_a_button_at_once(office: Office) -> None:
    office.adapter._bot = LongWork(dies=True)
    with pytest.raises(Unavailable):
        await office.deliver(said(), turn="turn-7")
    (placeholder,) = office.slack.own()
    assert "1／3 を読んでいます…" in words(placeholder)
    (button,) = placeholder["blocks"][1]["elements"]
    assert button["text"]["text"] == "中止する"
    assert json.loads(button["value"]) == {"name": "stop", "value": "", "turn": "turn-7"}


async def test_a_stoppable_placeholder_is_found_again_and_answered_over(office: Office) -> None:
    office.adapter._bot = LongWork(dies=True)
    delivery = Delivery("slack", "slack/T1/x", json.dumps(said()), "turn-7", 1)
    with pytest.raises(Unavailable):
        await office.adapter.handle(delivery)
    await office.adapter.handle(replace(delivery, attempt=2))
    (answer,) = office.slack.own()
    assert "夏季休暇は5日です。" in words(answer)
    assert "actions" not in {block["type"] for block in answer["blocks"]}


async def test_the_stop_button_hands_over_the_turn_it_stops(office: Office) -> None:
    await office.deliver(pressed("stop"))
    (asked,) = office.bot.asked
    assert (asked.kind, asked.command, asked.values["turn"]) == ("button", "stop", "turn-1")
